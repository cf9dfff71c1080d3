"""What names mean in the API document."""

GLOSSARY = {"letter_id": "Id of the mail"}
