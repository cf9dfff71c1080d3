"""What names mean in the API document."""

GLOSSARY = {
    "challenge": "Random text that is answered once, within five minutes",
    "code": "Six digits that the app shows now",
    "codes": "Each replaces a lost factor once",
    "credential": "What the browser returned, as JSON text",
    "factor_id": "Id of the factor",
    "factors": "Authenticator apps and passkeys, oldest first",
    "label": "What the owner calls the app",
    "method": "`totp` for an authenticator app, or `passkey`",
    "name": "What the owner calls it",
    "options": "What `navigator.credentials.create()` takes, as JSON",
    "recovery_codes_left": "Recovery codes that were not used",
    "secret": "The secret in base32, to be typed into an app",
    "uri": "The secret as an `otpauth` URI, for a QR code",
    "used_at": "When it was last used; null for never",
}
