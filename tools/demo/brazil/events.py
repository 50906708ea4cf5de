"""What happened in these weeks beside invoices, jobs and payments.

Days are counted from today. What happens on a day on which nobody works happens on the next one.
"""

from typing import NamedTuple


class Event(NamedTuple):
    """``what`` is a method of the desk, the books or the rules, and the others are for it."""

    day: int
    what: str
    arguments: tuple
    named: dict


def on(day, what, /, *arguments, **named):
    return Event(day, what, arguments, named)


EVENTS = [
    on(-68, "print_letters", "diego"),
    on(-56, "print_letters", "diego"),
    on(-47, "print_letters", "diego"),
    on(
        *(-44, "call", "camila", "hospital", "promised"),
        "Eliane: pagamento na próxima remessa, se a nota estiver com o pedido certo.",
        until=-19,
    ),
    on(
        *(-40, "call", "diego", "incorporadora", "no_answer"),
        "Chamou até cair. Tentar no celular do diretor.",
    ),
    on(
        *(-34, "call", "camila", "hotel", "no_answer"),
        "Ninguém atendeu. Ligar antes das dez.",
    ),
    on(
        *(-32, "call", "camila", "hotel", "promised"),
        "Sr. Renato: paga a nota de maior valor quando receber dos grupos do feriado.",
        until=-20,
        amount=18900.00,
    ),
    on(-30, "print_letters", "diego"),
    on(
        *(-27, "call", "camila", "atacado", "refuses"),
        "Sr. Sérgio diz que só paga depois de renegociar o contrato. Não deu data.",
    ),
    on(
        *(-24, "dispute", "camila", "supermercado"),
        "Óleo de soja faturado acima do preço do pedido 4471",
        why="price",
        due=-4,
        amount=3627.00,
    ),
    on(
        *(-25, "call", "diego", "incorporadora", "refuses"),
        "Falei com o diretor: só pagam quando venderem as unidades, e não dão data.",
    ),
    on(-22, "pay", "hospital"),
    on(
        *(-21, "call", "diego", "construtora", "message"),
        "Recado com a recepção para a Vanessa, dos fornecedores.",
    ),
    on(-17, "come_back", "expresso"),
    on(-16, "print_letters", "diego"),
    on(
        *(-14, "ask_for_legal", "diego", "incorporadora"),
        "Quatro cartas e três ligações sem resposta",
    ),
    on(
        *(-13, "decide", "roberto", "incorporadora", "approve"),
        "De acordo. Dossiê completo, seguir.",
    ),
    on(
        *(-12, "call", "camila", "restaurante", "promised"),
        "Luciana: paga a nota vencida até sexta, depois do movimento do fim de semana.",
        until=-5,
        amount=5210.00,
    ),
    on(
        *(-11, "call", "diego", "construtora", "other"),
        "Vanessa: a medição foi aprovada; pagam uma parte na semana que vem.",
    ),
    on(-10, "credit", "grafica", 640.00, "Devolução parcial de mercadoria"),
    on(-9, "pay", "restaurante"),
    on(
        *(-9, "plan", "marina", "pousada"),
        "Dona Célia: três parcelas, na baixa temporada não consegue antes",
        parts=3,
        first=5,
    ),
    on(-8, "call", "diego", "mariana", "no_answer", "Caixa postal."),
    on(
        *(-8, "call", "diego", "agropecuaria", "promised"),
        "Sr. Almeida: paga com o adiantamento da soja, que sai na data combinada.",
        until=0,
        amount=27600.00,
    ),
    on(-8, "print_letters", "diego"),
    on(-7, "pay", "construtora", amount=8000.00),
    on(
        *(-6, "call", "diego", "ana", "promised"),
        "Prometeu o Pix para depois do dia de pagamento.",
        until=-3,
    ),
    on(
        *(-7, "ask_for_legal", "diego", "pedreira"),
        "Vencido há mais de sessenta dias, sem previsão",
    ),
    on(
        *(-6, "decide", "roberto", "pedreira", "refuse"),
        "Cliente desde 2009. Falem com o Osvaldo antes de qualquer medida.",
    ),
    on(
        *(-6, "call", "diego", "prefeitura", "call_back"),
        "O empenho está na Secretaria; retornam amanhã.",
    ),
    on(
        *(-5, "answer", "jose", "promise"),
        "Recebo no quinto dia útil e pago nesse dia.",
        day=5,
    ),
    on(
        *(-5, "call", "camila", "hotel", "other"),
        "Sr. Renato pediu desculpas pela data que passou. Vai falar com o sócio; não deu outra.",
    ),
    on(
        *(-4, "ask_for_legal", "camila", "atacado"),
        "Recusou-se a pagar; as cartas ficaram sem resposta",
    ),
    on(
        *(-3, "decide", "roberto", "atacado", "approve"),
        "De acordo. O valor pede também a diretoria.",
    ),
    on(
        *(-4, "call", "camila", "academia", "promised"),
        "Juliana, do financeiro: sai na remessa de pagamentos da semana.",
        until=-2,
    ),
    on(-3, "propose_bureau"),
    on(-3, "switch_forewarning_on"),
    on(
        *(-2, "ask_for_legal", "camila", "hotel"),
        "A promessa não foi cumprida e a nova data não veio",
    ),
    on(
        *(-2, "call", "camila", "grafica", "promised"),
        "Pagam hoje o saldo, já descontada a devolução.",
        until=0,
        amount=5000.00,
    ),
    on(
        *(-1, "reply", "mercearia"),
        "Bom dia,\n\nrecebemos duas notas da mesma entrega. Qual delas é a certa?\n\n"
        "Atenciosamente,\nJoana",
        name="Joana Batista",
    ),
    on(
        *(-1, "answer", "clinica", "paid"),
        "Paguei por transferência; mando o comprovante por e-mail.",
        day=-3,
    ),
    # today, after the morning's jobs
    on(0, "print_letters", "diego", is_posted=False),
    on(
        *(0, "reply", "supermercado"),
        "Prezada Camila,\n\nalém da diferença de preço já apontada, a última nota está correta e"
        " será paga na quinta-feira.\n\nPaulo Henrique",
    ),
]
