"""What a deployment is composed of: ``/composition``, for operators. It only shows."""

__all__ = ["access", "conditions", "deliveries", "report", "views"]
