"""Look at mails, for the examples of the API document."""

NOWHERE = "01981f2e-7a61-7000-8000-000000000000"


def walk(tour):
    """Look at the mailbox, and at the newest mail as a page and as HTML."""
    listed = tour.send("GET", "/mailbox", 200).text
    newest = listed.split('href="/mailbox/')[1].partition('"')[0]
    for part in ("", "/html"):
        tour.send("GET", f"/mailbox/{newest}{part}", 200)
        tour.send("GET", f"/mailbox/{NOWHERE}{part}", 404)
