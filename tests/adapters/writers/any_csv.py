"""Tickets as any helpdesk might write them to CSV: headers in seven languages, times, delimiters and encodings as asked."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROLES = (
    "ticket_id",
    "customer_id",
    "email",
    "opened_at",
    "solved_at",
    "status",
    "channel",
    "severity",
    "category",
    "csat",
)
HEADERS = {
    "en": (
        "Ticket ID", "Customer ID", "E-mail", "Created at", "Solved at",
        "Status", "Channel", "Priority", "Category", "Satisfaction",
    ),
    "de": (
        "Vorgangsnummer", "Kundennummer", "E-Mail-Adresse", "Erstellt am", "Gelöst am",
        "Status", "Kanal", "Priorität", "Kategorie", "Zufriedenheit",
    ),
    "fr": (
        "Numéro de ticket", "Numéro client", "Courriel", "Créé le", "Résolu le",
        "Statut", "Canal", "Priorité", "Catégorie", "Note de satisfaction",
    ),
    "es": (
        "ID de ticket", "Número de cliente", "Correo electrónico", "Fecha de creación", "Fecha de resolución",
        "Estado", "Canal", "Prioridad", "Categoría", "Valoración",
    ),
    "pt": (
        "Número do chamado", "Código do cliente", "Email do cliente", "Criado em", "Resolvido em",
        "Situação", "Canal", "Prioridade", "Categoria", "Avaliação",
    ),
    "it": (
        "Numero ticket", "Codice cliente", "Indirizzo email", "Creato il", "Risolto il",
        "Stato", "Canale", "Priorità", "Categoria", "Valutazione",
    ),
    "nl": (
        "Meldingsnummer", "Klantnummer", "E-mailadres", "Aangemaakt op", "Opgelost op",
        "Toestand", "Kanaal", "Prioriteit", "Categorie", "Beoordeling",
    ),
}  # fmt: skip
# open, solved, closed; phone, email; low, high
WORDS = {
    "en": ("Open", "Solved", "Closed", "Phone", "Email", "Low", "High"),
    "de": ("Offen", "Gelöst", "Geschlossen", "Telefon", "E-Mail", "Niedrig", "Hoch"),
    "fr": ("Ouvert", "Résolu", "Fermé", "Téléphone", "Courriel", "Basse", "Haute"),
    "es": ("Abierto", "Resuelto", "Cerrado", "Teléfono", "Correo", "Baja", "Alta"),
    "pt": ("Aberto", "Resolvido", "Fechado", "Telefone", "E-mail", "Baixa", "Alta"),
    "it": ("Aperto", "Risolto", "Chiuso", "Telefono", "E-mail", "Bassa", "Alta"),
    "nl": ("In behandeling", "Opgelost", "Gesloten", "Telefoon", "E-mail", "Laag", "Hoog"),
}
MEANT = ("", "solved", "closed", "phone", "email", 2, 4)


@dataclass(frozen=True)
class Ticket:
    """One ticket as it is; ``status`` to ``severity`` are places in :data:`WORDS`, times are UTC without a zone."""

    ticket_id: str
    customer_id: str
    opened_at: datetime
    solved_at: datetime | None
    status: int
    channel: int
    severity: int
    category: str
    csat: int | None

    @property
    def email(self) -> str:
        return f"{self.customer_id.lower()}@example.org"


START = datetime.fromisoformat("2025-01-01T06:00")
CLOCKS_GO_BACK = datetime.fromisoformat("2025-10-26T00:00").date()
"""In Europe an hour of this day is told twice, and no file says which of the two is meant."""


def make_tickets(n: int, seed: int, *, days: Sequence[int] = range(330)) -> list[Ticket]:
    """Invent tickets opened on some days of 2025; those of the first four have every rating's end."""
    draw = random.Random(seed)
    tickets = []
    for place in range(n):
        opened = START + timedelta(days=draw.choice(list(days)), minutes=draw.randrange(900))
        status = draw.choice([0, 1, 2])
        solved = opened + timedelta(minutes=draw.randrange(30, 20_000)) if status else None
        csat = [1, 5, 3, None][place] if place < 4 else draw.choice([None, None, 1, 2, 3, 4, 5])
        tickets.append(
            Ticket(f"V-{place:05}", f"K{draw.randrange(max(n // 3, 1))}", opened, solved, status,
                   draw.choice([3, 4]), draw.choice([5, 6]), draw.choice("ABCD"), csat)
        )  # fmt: skip
    return [
        t for t in tickets if CLOCKS_GO_BACK not in (t.opened_at.date(), t.solved_at and t.solved_at.date())
    ]


def write_csv(
    path: Path,
    tickets: Sequence[Ticket],
    *,
    language: str = "en",
    headers: Sequence[str] | None = None,
    time_format: str = "%Y-%m-%d %H:%M",
    zone: str = "UTC",
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Path:
    """Write tickets with the words of a language, times as said on the clocks of a zone."""

    def time(moment: datetime | None) -> str:
        there = moment and moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
        return there.strftime(time_format) if there else ""

    words = WORDS[language]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([*(headers or HEADERS[language]), "Subject"])
    for ticket in tickets:
        csat = "" if ticket.csat is None else ticket.csat
        choices = [words[ticket.status], words[ticket.channel], words[ticket.severity], ticket.category, csat]
        who = [ticket.ticket_id, ticket.customer_id, ticket.email]
        writer.writerow(
            [*who, time(ticket.opened_at), time(ticket.solved_at), *choices, 'He said: "no",\nthen left']
        )
    path.write_bytes(out.getvalue().encode(encoding))
    return path
