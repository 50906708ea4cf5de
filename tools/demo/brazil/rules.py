"""What Marina, the collection manager, says: settings, phases, letters, rules, who approves, whose
customers are whose."""

from markupsafe import Markup

from odoo.fields import Command

from .customers import PUBLIC

MANAGER = "marina"
PROMISE, BUREAU, LEGAL = "Promessa não cumprida", "Negativação", "phase_legal"
STYLE = (
    "margin: 0; padding: 0; max-width: 720px; font-family: Arial, 'Liberation Sans', Helvetica,"
    " sans-serif; font-size: 14px; line-height: 1.5; color: #212529;"
)
NAME = '<t t-out="object.partner_id.name"/>'
SUBJECT = '<t t-out="object.subject_label"/>'
SETTINGS = {
    "collection_auto_send": True,
    "collection_fine_percent": 2,
    "collection_interest_percent": 1,
    "collection_letters_workday": True,
    "collection_send_from": 8,
    "collection_send_to": 20,
    "collection_second_channel": "post",
    "collection_thank": True,
    "collection_promise_remind": True,
}
FOREWARNING = {"collection_forewarn": True, "collection_forewarn_hour": 17}
# letter: subject, and paragraphs before and after what is owed
LETTERS = {
    "promise": (
        "Cobrança: o dia combinado passou",
        "Sobre o combinado com {{ object.company_id.name }}: {{ object.totals_label }}",
        [
            f"Prezado(a) {NAME},",
            f"combinamos uma data para pagar {SUBJECT}. Essa data passou, e ainda não identificamos"
            " o pagamento.",
            "Se houve algum imprevisto, ligue para nós ainda hoje: preferimos combinar uma nova"
            " data a deixar o assunto seguir adiante.",
        ],
        ["Se o pagamento foi feito, basta responder com o comprovante."],
    ),
    "hospitality": (
        "Cobrança: hotéis e restaurantes",
        "{{ object.company_id.name }}: {{ object.totals_label }} em aberto",
        [
            f"Olá, {NAME}!",
            f"Pelos nossos registros, {SUBJECT} ainda está em aberto. Sabemos que o movimento do"
            " setor varia ao longo do mês, e que um vencimento às vezes passa.",
            "Abaixo está tudo o que é preciso para pagar hoje mesmo, por Pix ou transferência.",
        ],
        ["Precisa combinar outra data? Responda a este e-mail ou fale com a gente."],
    ),
    "public": (
        "Cobrança: órgãos públicos",
        "Pagamento pendente junto a {{ object.company_id.name }}: {{ object.totals_label }}",
        [
            f"À {NAME}, aos cuidados do setor financeiro.",
            f"Senhor(a) gestor(a), consta em nossos registros que {SUBJECT} ainda não foi pago."
            " Trata-se de fornecimento já entregue.",
            "Solicitamos a gentileza de informar a previsão de liquidação, ou a pendência que"
            " impede o pagamento.",
        ],
        ["Estamos à disposição para reenviar notas fiscais, certidões e demais documentos."],
    ),
}


class Rules:
    """Everything is made by the manager, and shown to nobody but approvers before it acts."""

    def __init__(self, office):
        self.office = office
        self.env = office.env
        self.template_ids = {}

    def _make(self, model, vals):
        return self.office.of(MANAGER, model).create(vals)

    def _ref(self, name):
        return self.env.ref(f"crm_collection.{name}")

    def set_up(self):
        """In the order in which *First Steps* asks for it."""
        manager = self.office.get_user(MANAGER)
        self._make("crm.collection.settings", {**SETTINGS, "collection_manager_id": manager.id})
        self._write_letters()
        self._add_phases()
        self._add_rules()
        self._share_customers()

    # === Letters and phases === #

    def _write_letters(self):
        model = self.env["ir.model"]._get("crm.collection.letter")
        for key, (name, subject, before, after) in LETTERS.items():
            vals = {
                "name": name,
                "model_id": model.id,
                "subject": subject,
                "body_html": self._lay_out(before, after),
            }
            vals |= {
                "email_from": "{{ object.sender_email }}",
                "partner_to": "{{ object.recipient_numbers }}",
                "use_default_to": False,
                "lang": "{{ object.lang }}",
                "auto_delete": False,
            }
            self.template_ids[key] = self._make("mail.template", vals).id

    def _lay_out(self, before, after):
        def paragraphs(texts):
            return "".join(f'<p style="margin: 0 0 12px 0;">{text}</p>' for text in texts)

        return Markup(
            f'<div style="{STYLE}">{paragraphs(before)}<t t-out="object.titles_html"/>'
            f'{paragraphs(after)}<p style="margin: 16px 0 0 0;">Atenciosamente,<br/>'
            '<t t-out="object.signature_html"/></p></div>'
        )

    def _add_phases(self):
        of_items = self._make(
            "crm.collection.approval.rule",
            {
                "name": "Medidas judiciais",
                "governs": "allocation",
                "remind_days": 3,
                "level_ids": [
                    Command.create(
                        {
                            "name": "Gerência financeira",
                            "user_ids": [Command.set(self.office.get_user("roberto").ids)],
                        }
                    ),
                    Command.create(
                        {
                            "name": "Diretoria",
                            "sequence": 20,
                            "amount_min": 50000,
                            "user_ids": [Command.set(self.office.get_user("helena").ids)],
                        }
                    ),
                ],
            },
        )
        self._ref(LEGAL).with_env(self._env()).approval_rule_id = of_items
        self._make(
            "crm.collection.phase",
            {
                "name": PROMISE,
                "sequence": 25,
                "color": 5,
                "template_id": self.template_ids["promise"],
                "description": "O dia combinado passou e nada foi pago.",
            },
        )

    def _env(self):
        return self.office.of(MANAGER, "crm.collection.phase").env

    def switch_forewarning_on(self):
        """Collectors are told in the evening what leaves tomorrow."""
        self._make("crm.collection.settings", FOREWARNING)

    def propose_bureau(self):
        """A phase that waits for its approval: it does nothing yet."""
        rule = self._make(
            "crm.collection.approval.rule",
            {"name": "Novas fases", "governs": "definition", "reason_required": True},
        )
        phase = self._make(
            "crm.collection.phase",
            {
                "name": BUREAU,
                "sequence": 60,
                "color": 9,
                "allocation_mode": "manual",
                "after_letter": True,
                "approval_rule_id": rule.id,
                "description": "Inclusão em cadastro de inadimplentes (SPC, Serasa), depois da"
                " comunicação por escrito.",
            },
        )
        phase.action_request_approval()

    # === Rules === #

    def _add_rules(self):
        call = self.env.ref("mail.mail_activity_data_call").id
        called = {"activity_type_id": call, "activity_after": "letter", "activity_days": 3}
        public = self.env["res.partner.category"].search([("name", "=", PUBLIC)])
        hospitality, construction = self._get_industries("I"), self._get_industries("BF")
        self._add_rule(
            "Órgãos públicos",
            10,
            [
                self._step(15, "phase_friendly", letter="public", channel="post"),
                self._step(45, "phase_firm", again=(1, "month", 0), channel="post", **called),
                self._step(90, LEGAL),
            ],
            category_ids=[Command.set(public.ids)],
            escalation="step",
            step_min_days=15,
            grace_days=5,
        )
        self._add_rule(
            "Hotéis e restaurantes",
            20,
            [
                self._step(-3, "phase_reminder", attach_pdf=False),
                self._step(2, "phase_friendly", letter="hospitality"),
                self._step(4, PROMISE, after_promise=True),
                self._step(7, "phase_firm", again=(7, "day", 2), **called, escalation_days=5),
                self._step(20, "phase_final"),
                self._step(45, LEGAL),
            ],
            industry_ids=[Command.set(hospitality.ids)],
        )
        self._add_rule(
            "Construção e mineração",
            30,
            [
                self._step(-5, "phase_reminder", attach_pdf=False),
                self._step(5, "phase_friendly"),
                self._step(10, PROMISE, after_promise=True),
                self._step(15, "phase_firm", again=(10, "day", 2), **called, escalation_days=5),
                self._step(35, "phase_final", attach_invoices=True),
                self._step(60, LEGAL),
            ],
            industry_ids=[Command.set(construction.ids)],
            amount_min=100,
        )
        self._add_rule(
            "Pessoas físicas",
            40,
            [
                self._step(-3, "phase_reminder", attach_pdf=False),
                self._step(5, "phase_friendly"),
                self._step(10, PROMISE, after_promise=True),
                self._step(15, "phase_firm", again=(2, "week", 2), **called),
                self._step(40, "phase_final"),
            ],
            company_type="person",
            amount_min=20,
        )
        self._ref("rule_default").with_env(self._env()).write(
            {"step_ids": [self._step(5, PROMISE, after_promise=True)]}
        )

    def _add_rule(self, name, sequence, steps, **criteria):
        vals = {"name": name, "sequence": sequence, "step_ids": steps, **criteria}
        self._make("crm.collection.rule", vals)

    def _step(self, days, phase, letter=None, again=None, **vals):
        """:param again: how often the letter goes again: (interval, unit, how many times)"""
        if again:
            names = ("resend_interval", "resend_unit", "resend_max")
            vals |= dict(zip(names, again, strict=True))
        if letter:
            vals["template_id"] = self.template_ids[letter]
        return Command.create({"days": days, "phase_id": self.get_phase(phase).id, **vals})

    def get_phase(self, name):
        if name.startswith("phase_"):
            return self._ref(name)
        return self.env["crm.collection.phase"].search([("name", "=", name)], limit=1)

    def _get_industries(self, letters):
        refs = [self.env.ref(f"base.res_partner_industry_{letter}") for letter in letters]
        return self.env["res.partner.industry"].union(*refs)

    # === Whose customers === #

    def _share_customers(self):
        users = {login: self.office.get_user(login).ids for login in ("camila", "diego", MANAGER)}
        industries = Command.set(self._get_industries("ABFHO").ids)
        rows = [
            ("Pessoas físicas", "diego", {"company_type": "person"}),
            ("Construção, transporte, campo, governo", "diego", {"industry_ids": [industries]}),
            ("Os demais", "camila", {}),
        ]
        for place, (name, login, criteria) in enumerate(rows, start=1):
            vals = {"name": name, "sequence": place, "user_ids": [Command.set(users[login])]}
            self._make("crm.collection.assignment", vals | criteria)
        self._make(
            "crm.collection.team",
            {
                "name": "Contas a receber",
                "leader_id": users[MANAGER][0],
                "member_ids": [Command.set(users["camila"] + users["diego"])],
            },
        )

    def set_targets(self, day):
        """What the collectors are to collect in a month, from that of a day on."""
        for login, amount in (("camila", 45000), ("diego", 60000)):
            user = self.office.get_user(login)
            vals = {"user_id": user.id, "date": day.replace(day=1), "amount": amount}
            self._make("crm.collection.target", vals)
