from .common_letters import CrmCollectionLettersCommon


class CockpitCase(CrmCollectionLettersCommon):
    def _get_cockpit(self, user=None, companies=None, **filters):
        cockpit = self.env["crm.collection.cockpit"].with_user(user or self.collector)
        if companies:
            cockpit = cockpit.with_context(allowed_company_ids=companies.ids)
        return cockpit.get_cockpit(filters)

    def _walk(self, node):
        """Every figure of the page, however deep."""
        if isinstance(node, dict):
            if "measure" in node:
                yield node
            for value in node.values():
                yield from self._walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from self._walk(value)

    def _read_list(self, figure, user=None, companies=None):
        """What the list behind a figure shows: (number of records, sum of what it measures)."""
        action = figure["action"]
        Model = self.env[action["res_model"]].with_user(user or self.collector)
        Model = Model.with_context(**action["context"])
        if companies:
            Model = Model.with_context(allowed_company_ids=companies.ids)
        measure = figure["measure"]
        [row] = Model._read_group(
            action["domain"], [], ["__count", *([f"{measure}:sum"] if measure else [])]
        )
        return row[0], round(row[1] or 0.0, 2) if measure else None

    def _assert_figures(self, page, user=None, companies=None, least=15):
        """Every figure of the page is that of the list behind it."""
        figures = list(self._walk(page["cards"]))
        self.assertGreaterEqual(len(figures), least)
        for figure in figures:
            with self.subTest(figure["action"]["name"]):
                amount = figure["amount"]
                self.assertEqual(
                    (figure["count"], amount if amount is None else round(amount, 2)),
                    self._read_list(figure, user, companies),
                )

    def _know_the_past(self):
        """As if the first run had been long ago."""
        cockpit = self.registry["crm.collection.cockpit"]
        self.patch(cockpit, "_is_known", lambda self, scope, day: True)

    def _by_name(self, figures):
        return {figure["action"]["name"]: figure for figure in figures}

    def _create_portfolio(self):
        """Items of every age, two customers, a part payment, a settlement, a credit note."""
        self.second = self._create_customer("Brandt AG")
        self.moves = self.env["account.move"].union(
            *(
                self._create_overdue(days, partner=partner, amount=amount)
                for days, partner, amount in (
                    (1, self.customer, 100.0),
                    (30, self.customer, 200.0),
                    (31, self.second, 300.0),
                    (60, self.second, 400.0),
                    (91, self.customer, 500.0),
                    (120, self.customer, 600.0),
                    (121, self.second, 700.0),
                )
            )
        )
