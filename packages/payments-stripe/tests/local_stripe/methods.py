"""Payment methods: those of Stripe's test mode, and some that only the local Stripe has."""

PAYS = "pm_card_visa"
DECLINED = "pm_card_visa_chargeDeclined"
CHALLENGED = "pm_card_threeDSecure2Required"

METHODS = {
    PAYS: "pays",
    DECLINED: "generic_decline",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
    CHALLENGED: "3-D Secure",
    "pm_card_createDispute": "disputed",
    "pm_card_pendingRefund": "refund pending, then paid",
    "pm_card_refundFail": "refund paid, then failed",
    "pm_local_slow": "slow",
    "pm_local_lost": "lost, not charged",
    "pm_local_lostCharged": "lost, charged",
    "pm_local_error": "500, not charged",
    "pm_local_errorCharged": "500, charged",
    "pm_local_processing": "processing, then paid",
    "pm_local_processingFails": "processing, then failed",
    "pm_local_eventsThrice": "events thrice, shuffled, late",
    "pm_local_eventFirst": "event before the answer",
    "pm_local_captureDeclined": "capture declined",
}
"""What happens, by payment method; those of Stripe do the same in test mode."""
