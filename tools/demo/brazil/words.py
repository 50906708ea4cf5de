"""The words of the summary, for who reads it in Portuguese."""

WORDS = {
    "Open items by phase": "Títulos em aberto por fase",
    "Phase": "Fase",
    "Company": "Empresa",
    "Items": "Títulos",
    "Owed": "Devido",
    "(no phase yet)": "(ainda sem fase)",
    "Letters by state": "Cartas por situação",
    "State": "Situação",
    "Letters": "Cartas",
    "Settled": "Baixado",
    "Kind": "Tipo",
    "Rows": "Baixas",
    "Promises, disputes and holds": "Promessas, contestações e suspensões",
    "Number": "Quantidade",
    "Waiting for approval": "Aguardando aprovação",
    "Approvals": "Aprovações",
    "allocation job": "rotina de alocação",
    "letters job": "rotina de cartas",
    "mail queue": "fila de e-mails",
    "The local mail server keeps its messages, %s so far, one file each, in": (
        "O servidor de e-mail local guarda as mensagens, %s até agora, um arquivo para cada uma, em"
    ),
}
