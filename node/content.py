"""What is kept of an attestation of ours, sealed: all that its hashes were made of."""

from typing import Annotated

from sqlalchemy.ext.asyncio import AsyncConnection

from node.store import attestations as rows
from node.store.attestations import AttestationRow
from node.vault import Vault
from protocol.encoding import Bytes32, Message, bytes_field
from protocol.encoding import Sequence as Array

_CONTENT = "attestations.content"
_MAX_CONTENT = 256 * 1024


class Resealed(Message):
    """The same in another record, under another OPRF key, until that is decided on."""

    slots: Array[int]
    record: Annotated[bytes, *bytes_field()]


class Content(Message):
    """An attestation as signed; disclosures first of the subject, in the order of `slots`."""

    jwt: str
    disclosures: Array[str]
    decoys: Array[Bytes32]
    slots: Array[int]
    """Of each identifier, in the order of its disclosures."""
    record: Annotated[bytes, *bytes_field()] | None
    """The sealed record until it is published; then it lies with all other records."""
    resealed: Resealed | None


async def keep(
    connection: AsyncConnection, vault: Vault, id_: str, decision: bytes, content: Content
) -> None:
    """Keep the content of a proposed attestation."""
    await rows.add(connection, AttestationRow(id_, decision, _sealed(vault, id_, content)))


async def replace(connection: AsyncConnection, vault: Vault, id_: str, content: Content) -> None:
    """Keep other content for an attestation that is kept."""
    await rows.put_content(connection, id_, _sealed(vault, id_, content))


def opened(vault: Vault, row: AttestationRow) -> Content | None:
    """The content; None once it was dropped."""
    if row.content_sealed is None:
        return None
    return Content.from_bytes(vault.open(_CONTENT, row.id, row.content_sealed), _MAX_CONTENT)


def _sealed(vault: Vault, id_: str, content: Content) -> bytes:
    return vault.seal(_CONTENT, id_, content.to_bytes())
