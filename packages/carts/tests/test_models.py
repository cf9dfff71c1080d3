from mercato_carts import services
from mercato_kit import work
from mercato_kit.db import engine
from mercato_testing.plans import Plans

from . import factories
from .factories import Shopper, merge


class TestIndexes:
    def test_no_statement_reads_a_whole_table(self, app, alice, guest, lamp, commit):
        """Carts are opened, filled, merged, ordered, announced and deleted by indexes only."""
        with app.app_context():
            plans = Plans(engine())

        with plans:
            own = Shopper(alice)
            own.add(lamp)
            guest.add(lamp)
            merge(alice, guest)
            commit(factories.let_time_pass, own.id, hours=25)
            with app.app_context():
                services.announce_abandoned_carts()
                work.run(services.delete_expired_carts)
            own.get()
            own.check_out(2_500)

        assert [plan for plan in plans.scans() if "shop_" not in plan] == []
