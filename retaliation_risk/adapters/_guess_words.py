# fmt: off
"""Words of seven languages by which a header, a status, a channel or a priority is known: en, de, fr, es, pt, it, nl.

All words are as :func:`plain` writes them: lower case, without accents and marks. Order counts nowhere.
"""

from __future__ import annotations

import re
import unicodedata

ROLES: dict[str, tuple[str, ...]] = {
    "ticket_id": (
        "ticket id", "ticket no", "ticket number", "ticket", "id", "case id", "case number", "case", "issue key", "number",
        "request id", "ticketnummer", "ticket nr", "nr", "nummer", "vorgang", "vorgangsnummer", "fallnummer", "fall nr",
        "anfrage nr", "numero de ticket", "numero du ticket", "no ticket", "n ticket", "numero", "dossier",
        "numero dossier",
        "numero de caso", "id de ticket", "caso", "expediente", "numero do chamado", "chamado", "protocolo",
        "numero do protocolo", "numero ticket", "id ticket", "numero richiesta", "pratica", "zaaknummer", "meldingsnummer",
        "meldingnummer", "dossiernummer",
    ),
    "customer_id": (
        "customer id", "customer", "customer no", "customer number", "requester id", "requester", "client id", "contact id",
        "account id", "user id", "caller", "caller id", "reporter", "kunde", "kundennummer", "kunden nr", "kunden id",
        "kundennr", "anforderer", "melder", "client", "numero client", "no client", "n client", "id client", "demandeur",
        "cliente", "id cliente", "id de cliente", "numero de cliente", "numero cliente", "solicitante",
        "codigo do cliente", "codigo cliente", "codice cliente", "richiedente", "klant", "klantnummer", "klant id",
        "klantnr", "aanvrager",
    ),
    "email": (
        "email", "e mail", "mail", "email address", "e mail address", "requester email", "customer email", "e mail adresse",
        "mailadresse", "kunden e mail", "adresse e mail", "adresse mail", "courriel", "adresse electronique",
        "correo", "correo electronico", "correo del cliente", "endereco de email", "email do cliente",
        "posta elettronica", "indirizzo email", "email cliente", "e mailadres", "emailadres",
    ),
    "opened_at": (
        "created", "created at", "created time", "creation date", "createdate", "date created", "opened", "opened at",
        "open date", "submitted at", "erstellt", "erstellt am", "erstellungsdatum", "angelegt am", "eroffnet",
        "eroffnet am", "eingang", "eingangsdatum", "eingegangen am", "cree", "cree le", "date de creation", "ouvert le",
        "date d ouverture", "date ouverture", "creado", "creado el", "fecha de creacion", "fecha creacion", "abierto",
        "fecha de apertura", "criado", "criado em", "data de criacao", "data criacao", "aberto em", "data de abertura",
        "creato", "creato il", "data di creazione", "data creazione", "aperto il", "data di apertura", "data apertura",
        "aangemaakt", "aangemaakt op", "aanmaakdatum", "geopend", "geopend op", "datum melding",
    ),
    "solved_at": (
        "solved", "solved at", "resolved", "resolved at", "resolved time", "resolution date", "date resolved", "gelost",
        "gelost am", "losungsdatum", "behoben am", "erledigt am", "resolu le", "date de resolution", "resuelto el",
        "fecha de resolucion", "fecha resolucion", "resolvido em", "data de resolucao", "data resolucao", "risolto il",
        "data di risoluzione", "data risoluzione", "opgelost", "opgelost op", "datum opgelost",
    ),
    "closed_at": (
        "closed", "closed at", "closed time", "closed date", "close date", "date closed", "geschlossen am",
        "abgeschlossen am", "schliessdatum", "ferme le", "cloture le", "date de cloture", "date de fermeture",
        "cerrado el", "fecha de cierre", "fecha cierre", "fechado em", "data de fechamento", "data de encerramento",
        "encerrado em", "chiuso il",
        "data di chiusura", "data chiusura", "gesloten op", "sluitdatum", "datum gesloten",
    ),
    "reopened_at": (
        "reopened", "reopened at", "reopen date", "wieder geoffnet am", "wiedereroffnet am", "rouvert le",
        "date de reouverture", "reabierto el", "fecha de reapertura", "reaberto em", "data de reabertura", "riaperto il",
        "data di riapertura", "heropend op",
    ),
    "escalated_at": (
        "escalated", "escalated at", "escalation date", "eskaliert am", "escalade le", "date d escalade", "escalado el",
        "fecha de escalado", "escalado em", "data de escalacao", "escalato il", "data di escalation", "geescaleerd op",
    ),
    "first_reply_at": (
        "first reply at", "first response at", "first response", "first replied at", "initial response time",
        "erste antwort", "erste antwort am", "premiere reponse", "premiere reponse le", "primera respuesta",
        "primera respuesta el", "primeira resposta", "primeira resposta em", "prima risposta", "prima risposta il",
        "eerste antwoord", "eerste reactie", "eerste reactie op",
    ),
    "csat": (
        "csat", "satisfaction", "satisfaction score", "satisfaction rating", "customer satisfaction", "rating",
        "survey results", "zufriedenheit", "kundenzufriedenheit", "bewertung", "note de satisfaction", "evaluation",
        "satisfaction client", "satisfaccion", "valoracion", "puntuacion", "satisfacao", "avaliacao", "nota",
        "soddisfazione", "valutazione",
        "voto", "tevredenheid", "klanttevredenheid", "beoordeling",
    ),
    "status": (
        "status", "state", "ticket status", "incident state", "zustand", "stand", "statut", "etat", "estado", "situacao",
        "stato", "toestand",
    ),
    "channel": (
        "channel", "source", "via", "origin", "contact type", "kanal", "quelle", "eingangskanal", "herkunft", "canal",
        "origine", "origen", "fuente", "origem", "canale", "provenienza", "fonte", "kanaal", "bron", "herkomst",
    ),
    "severity": (
        "priority", "severity", "urgency", "prioritat", "dringlichkeit", "schweregrad", "priorite", "gravite", "urgence",
        "prioridad", "gravedad", "urgencia", "prioridade", "gravidade", "priorita", "gravita", "urgenza", "prioriteit",
        "ernst", "urgentie",
    ),
    "category": (
        "category", "type", "issue type", "ticket type", "topic", "reason", "kategorie", "art", "typ", "thema", "grund",
        "categorie", "motif", "sujet de la demande", "categoria", "tipo", "motivo", "assunto", "argomento", "onderwerp",
        "soort", "reden",
    ),
    "product": ("product", "produkt", "produit", "producto", "produto", "prodotto"),
    "segment": (
        "segment", "customer segment", "account tier", "kundensegment", "kundengruppe", "segment client", "segmento",
        "segmento de cliente", "segmento cliente", "klantsegment",
    ),
    "first_seen_at": (
        "customer since", "signup date", "signed up at", "kunde seit", "client depuis", "cliente desde", "cliente dal",
        "klant sinds",
    ),
    "parent_ticket_id": (
        "parent", "parent id", "parent ticket", "parent ticket id", "follow up of", "ubergeordnetes ticket", "folgt auf",
        "ticket parent", "ticket padre", "ticket pai", "ticket principale", "bovenliggend ticket",
    ),
}

STATUSES: dict[str, tuple[str, ...]] = {
    "solved": (
        "solved", "resolved", "done", "completed", "fixed", "gelost", "erledigt", "behoben", "resolu", "termine",
        "resuelto", "solucionado", "resolvido", "concluido", "risolto", "completato", "opgelost", "afgehandeld",
    ),
    "closed": (
        "closed", "geschlossen", "abgeschlossen", "ferme", "cloture", "clos", "cerrado", "fechado", "encerrado", "chiuso",
        "gesloten", "afgesloten",
    ),
    "": (
        "new", "open", "pending", "hold", "on hold", "in progress", "waiting", "active", "waiting on customer",
        "neu", "offen", "wartend", "in bearbeitung", "zuruckgestellt", "nouveau", "ouvert", "en attente", "en cours",
        "nuevo", "abierto", "pendiente", "en espera", "en curso", "novo", "aberto", "pendente", "em andamento", "em espera",
        "nuovo", "aperto", "in attesa", "in corso", "in lavorazione", "nieuw", "in behandeling", "wachtend", "in de wacht",
    ),
}

CHANNELS: dict[str, tuple[str, ...]] = {
    "phone": ("phone", "voice", "call", "telephone", "telefon", "anruf", "appel", "telefono", "llamada", "telefone",
              "ligacao", "chiamata", "telefoon"),
    "email": ("email", "e mail", "mail", "courriel", "correo", "correo electronico", "posta elettronica"),
    "chat": ("chat", "live chat", "messaging", "messenger", "whatsapp", "clavardage"),
    "web": ("web", "website", "web form", "portal", "form", "webformular", "formular", "site web", "formulaire",
        "sitio web",
            "formulario", "site", "sito web", "modulo", "webformulier"),
    "social": ("social", "social media", "twitter", "x", "facebook", "instagram", "soziale medien", "reseaux sociaux",
               "redes sociales", "redes sociais", "sociale media"),
}

PRIORITIES: dict[int, tuple[str, ...]] = {
    1: ("lowest", "very low", "sehr niedrig", "tres basse", "muy baja", "muito baixa", "molto bassa", "zeer laag"),
    2: ("low", "minor", "niedrig", "gering", "basse", "faible", "baja", "baixa", "bassa", "laag"),
    3: ("normal", "medium", "moderate", "mittel", "normale", "moyenne", "media", "normaal", "gemiddeld"),
    4: ("high", "major", "hoch", "haute", "elevee", "alta", "hoog"),
    5: ("urgent", "critical", "highest", "blocker", "dringend", "kritisch", "sehr hoch", "urgente", "critique", "critica",
        "critico", "muy alta", "muito alta", "molto alta", "kritiek", "spoed"),
}

RATINGS: dict[float, tuple[str, ...]] = {
    1.0: ("good", "good with comment", "satisfied", "happy", "gut", "zufrieden", "bon", "satisfait", "bueno", "satisfecho",
          "bom", "satisfeito", "buono", "soddisfatto", "goed", "tevreden"),
    0.5: ("neutral", "neutre", "neutro", "neutrale", "neutraal"),
    0.0: ("bad", "bad with comment", "unsatisfied", "dissatisfied", "unhappy", "schlecht", "unzufrieden", "mauvais",
          "insatisfait", "malo", "insatisfecho", "ruim", "insatisfeito", "cattivo", "insoddisfatto", "slecht",
        "ontevreden"),
}


def plain(text: str) -> str:
    """Return text in lower case, without accents, with one space between words and nothing else.

    Examples
    --------
    >>> plain("  Eröffnet_am: (CET)")
    'eroffnet am cet'
    """
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss")).casefold()
    return " ".join(re.findall(r"[^\W_]+", "".join(each for each in letters if not unicodedata.combining(each))))
