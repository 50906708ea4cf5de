"""Whom the distributor sells to, and what they were invoiced. Everything is invented; days are
counted from today, those that have passed are negative."""

from typing import NamedTuple

PUBLIC = "Setor público"


class Customer(NamedTuple):
    """``segment`` is the letter of the industry, empty for a person; ``contact`` who gets the
    letters there."""

    name: str
    number: str
    segment: str
    street: str
    city: str
    state: str
    zip: str
    email: str = ""
    phone: str = ""
    contact: str = ""


class Bill(NamedTuple):
    """An invoice: when it is due and when it is paid, in days after that; None: not by itself."""

    customer: str
    due: int
    amount: float
    late: int | None = None
    parts: int = 1


# fmt: off
CUSTOMERS = {
    "padaria": Customer(
        "Padaria Pão de Ouro Ltda.", "99.900.101/0001-86", "I", "Rua Barão de Jaguara, 1182",
        "Campinas", "SP", "13015-002", "financeiro@paodeouro.example", "+55 19 3555-0111"),
    "restaurante": Customer(
        "Restaurante Sabor da Serra Ltda.", "99.900.114/0001-55", "I", "Av. dos Esportes, 455",
        "Valinhos", "SP", "13270-210", "contas@sabordaserra.example", "+55 19 3555-0112",
        "Luciana Prado"),
    "hotel": Customer(
        "Hotel Fazenda Águas Claras Ltda.", "99.900.127/0001-24", "I", "Estrada das Fontes, km 7",
        "Águas de Lindóia", "SP", "13940-000", "financeiro@aguasclaras.example",
        "+55 19 3555-0113", "Renato Siqueira"),
    "pousada": Customer(
        "Pousada Recanto do Sol Ltda.", "99.900.140/0001-83", "I", "Rua da Lapa, 28",
        "Paraty", "RJ", "23970-000", "reservas@recantodosol.example", "+55 24 3555-0114",
        "Dona Célia Moraes"),
    "supermercado": Customer(
        "Supermercado Bom Vizinho Ltda.", "99.900.153/0001-52", "G", "Av. Sete de Setembro, 900",
        "Sumaré", "SP", "13170-001", "pagamentos@bomvizinho.example", "+55 19 3555-0115",
        "Paulo Henrique Dias"),
    "mercearia": Customer(
        "Mercearia Dois Irmãos Ltda.", "99.900.166/0001-21", "G", "Rua Carlos Gomes, 77",
        "Limeira", "SP", "13480-010", "contato@doisirmaos.example", "+55 19 3555-0116"),
    "atacado": Customer(
        "Atacado Paulista de Alimentos S.A.", "99.900.179/0001-09", "G",
        "Av. Presidente Wilson, 4200", "São Paulo", "SP", "04220-000",
        "contasapagar@atacadopaulista.example", "+55 11 3555-0117", "Sérgio Toledo"),
    "construtora": Customer(
        "Construtora Horizonte Engenharia S.A.", "99.900.192/0001-50", "F",
        "Rua Funchal, 375, 8º andar", "São Paulo", "SP", "04551-060",
        "fornecedores@horizonte.example", "+55 11 3555-0118", "Vanessa Andrade"),
    "incorporadora": Customer(
        "Incorporadora Vila Nova Ltda.", "99.900.205/0001-90", "F", "Rua do Retiro, 1510",
        "Jundiaí", "SP", "13209-000", "financeiro@vilanova.example", "+55 11 3555-0119"),
    "pedreira": Customer(
        "Pedreira Santa Rita Ltda.", "99.900.218/0001-60", "B", "Rodovia do Açúcar, km 14",
        "Itu", "SP", "13300-000", "escritorio@santarita.example", "+55 11 3555-0120",
        "Osvaldo Brandão"),
    "transportadora": Customer(
        "Transportadora Rota Certa Ltda.", "99.900.231/0001-19", "H", "Av. Santos Dumont, 1890",
        "Guarulhos", "SP", "07180-000", "", "+55 11 3555-0121"),
    "expresso": Customer(
        "Expresso Bandeira Logística Ltda.", "99.900.244/0001-98", "H",
        "Av. dos Autonomistas, 2300", "Osasco", "SP", "06090-010",
        "fiscal@expressobandeira.example", "+55 11 3555-0122"),
    "agropecuaria": Customer(
        "Agropecuária Cerrado Verde Ltda.", "99.900.257/0001-67", "A", "Rodovia BR-060, km 391",
        "Rio Verde", "GO", "75901-970", "financeiro@cerradoverde.example", "+55 64 3555-0123",
        "Antônio Almeida"),
    "cooperativa": Customer(
        "Cooperativa Agrícola Vale do Ivaí", "99.900.270/0001-16", "A", "Av. Brasil, 2100",
        "Ivaiporã", "PR", "86870-000", "financeiro@valedoivai.example", "+55 43 3555-0124"),
    "colegio": Customer(
        "Colégio Nova Geração Ltda.", "99.900.283/0001-95", "P", "Rua Culto à Ciência, 238",
        "Campinas", "SP", "13020-060", "tesouraria@novageracao.example", "+55 19 3555-0125"),
    "prefeitura": Customer(
        "Prefeitura Municipal de Santa Aurélia", "99.900.296/0001-64", "O", "Praça da Matriz, 1",
        "Santa Aurélia", "SP", "13999-000", "fazenda@santaaurelia.example", "+55 19 3555-0126",
        "Secretaria da Fazenda"),
    "hospital": Customer(
        "Hospital São Lucas do Vale Ltda.", "99.900.309/0001-03", "Q", "Rua Voluntários, 640",
        "São José dos Campos", "SP", "12210-000", "compras@saolucasdovale.example",
        "+55 12 3555-0127", "Eliane Castro"),
    "clinica": Customer(
        "Clínica Odontológica Sorriso Vivo Ltda.", "99.900.322/0001-54", "Q", "Rua Sampainho, 302",
        "Campinas", "SP", "13025-300", "adm@sorrisovivo.example", "+55 19 3555-0128"),
    "academia": Customer(
        "Academia Corpo em Forma Ltda.", "99.900.335/0001-23", "R", "Av. Norte-Sul, 610",
        "Campinas", "SP", "13092-123", "adm@corpoemforma.example", "+55 19 3555-0129"),
    "lavanderia": Customer(
        "Lavanderia Flor de Lis Ltda.", "99.900.348/0001-00", "S", "Rua Antônio Lapa, 915",
        "Campinas", "SP", "13025-240", "flordelis@lavanderia.example", "+55 19 3555-0130"),
    "grafica": Customer(
        "Gráfica Ponto Certo Ltda.", "99.900.361/0001-51", "C", "Rua Saldanha Marinho, 1020",
        "Campinas", "SP", "13013-081", "financeiro@pontocerto.example", "+55 19 3555-0131"),
    "mariana": Customer(
        "Mariana de Souza Lima", "999.000.017-45", "", "Rua da Bahia, 345, ap. 902",
        "Belo Horizonte", "MG", "30160-010", "mariana.lima@correio.example", "+55 31 95555-0132"),
    "jose": Customer(
        "José Carlos Pereira", "999.000.024-74", "", "Rua dos Bandeirantes, 51",
        "Campinas", "SP", "13024-010", "jc.pereira@correio.example", "+55 19 95555-0133"),
    "ana": Customer(
        "Ana Beatriz Rocha", "999.000.031-01", "", "Rua Conceição, 233, casa 4",
        "Campinas", "SP", "13010-050", "anabeatriz@correio.example", "+55 19 95555-0134"),
}
# fmt: on

BILLS = [
    Bill("padaria", -70, 2840.00, 4),
    Bill("padaria", -42, 2915.50, 6),
    Bill("padaria", -14, 3020.00, 9),
    Bill("padaria", 14, 2980.00),
    Bill("restaurante", -60, 4380.00, 12),
    Bill("restaurante", -26, 5210.00),
    Bill("restaurante", 2, 4890.00),
    Bill("hotel", -54, 18900.00),
    Bill("hotel", -38, 12650.00),
    Bill("pousada", -47, 7800.00),
    Bill("pousada", -17, 3900.00),
    Bill("supermercado", -64, 22300.00, 9),
    Bill("supermercado", -33, 24180.00),
    Bill("supermercado", -5, 19870.00),
    Bill("mercearia", -26, 1460.00),
    Bill("mercearia", -9, 1215.80),
    Bill("atacado", -78, 48700.00, 20),
    Bill("atacado", -66, 61250.00),
    Bill("atacado", -36, 39400.00),
    Bill("construtora", -50, 64800.00, 15, parts=3),
    Bill("incorporadora", -76, 33200.00),
    Bill("pedreira", -68, 15480.00),
    Bill("transportadora", -72, 7150.00, 24),
    Bill("transportadora", -40, 9250.00),
    Bill("transportadora", -12, 6400.00),
    Bill("expresso", -62, 10840.00, 13),
    Bill("expresso", -30, 11300.00),
    Bill("agropecuaria", -29, 27600.00),
    Bill("cooperativa", -58, 31200.00, 4),
    Bill("cooperativa", -28, 29850.00, 6),
    Bill("cooperativa", 2, 30400.00),
    Bill("colegio", -55, 6100.00, 2),
    Bill("colegio", -25, 6100.00, 12),
    Bill("colegio", 5, 6100.00),
    Bill("prefeitura", -79, 8420.00, 49),
    Bill("prefeitura", -52, 12780.00),
    Bill("prefeitura", -21, 9960.00),
    Bill("hospital", -45, 16900.00),
    Bill("hospital", -15, 17350.00),
    Bill("clinica", -22, 3480.00),
    Bill("academia", -66, 2260.40, 5),
    Bill("academia", -36, 2260.40, 7),
    Bill("academia", -6, 2260.40),
    Bill("lavanderia", -61, 1340.00, 14),
    Bill("lavanderia", -31, 1395.00, 16),
    Bill("lavanderia", -2, 1410.00),
    Bill("grafica", -49, 4310.00, 11),
    Bill("grafica", -19, 5640.00),
    Bill("mariana", -27, 689.90),
    Bill("jose", -48, 380.00, 9),
    Bill("jose", -18, 420.00),
    Bill("ana", -38, 990.00, 10),
    Bill("ana", -8, 1180.00),
]

# by segment: what the line of an invoice says
GOODS = {
    "": "Compra na loja da distribuidora",
    "A": "Material de higiene e descartáveis para a safra",
    "B": "EPIs e material de limpeza industrial",
    "C": "Material de escritório e copa",
    "F": "EPIs e material de limpeza para canteiros de obras",
    "G": "Mercadorias para revenda",
    "H": "Material de limpeza e copa para as filiais",
    "I": "Gêneros alimentícios e descartáveis",
    "O": "Gêneros alimentícios, ata de registro de preços",
    "P": "Gêneros para a cantina e material de limpeza",
    "Q": "Descartáveis e material de higiene hospitalar",
    "R": "Material de limpeza e copa",
    "S": "Produtos para lavanderia profissional",
}
