"""Key pairs: CreateKeyPair, ImportKeyPair, DescribeKeyPairs, DeleteKeyPair."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance import context, errors
from appliance.model.key_pair import KeyPair
from services.api.ec2 import filters, refusals
from services.api.ec2.actions import Action, Call
from services.compute.api import key_pairs

_PAGE: Final = 1000  # key pairs read at once; a user's quota is a tenth of it


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPairs:
    """The actions, on the verbs of `services.compute.api.key_pairs`."""

    verbs: key_pairs.KeyPairs

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "CreateKeyPair": self.create,
            "ImportKeyPair": self.import_,
            "DescribeKeyPairs": self.describe,
            "DeleteKeyPair": self.delete,
        }

    def create(self, call: Call) -> Mapping[str, Any]:
        """A new RSA key; its private half is in this answer and nowhere else."""
        kind = call.values.get("KeyType", "rsa")
        if kind != "rsa":
            raise refusals.invalid(kind, "KeyType", why="It is rsa.")
        if call.values.get("KeyFormat", "pem") != "pem":
            raise refusals.invalid(call.values["KeyFormat"], "KeyFormat", why="It is pem.")
        call.refuse("TagSpecifications")
        made, generated = self.verbs.create(call.ctx, call.values["KeyName"])
        material = generated.private_key.reveal() if generated else None
        return _named(made) | {"KeyMaterial": material}

    def import_(self, call: Call) -> Mapping[str, Any]:
        """Keep a public key, which is sent as base64 of what ssh-keygen writes."""
        call.refuse("TagSpecifications")
        try:
            material = call.values["PublicKeyMaterial"].decode()
        except UnicodeDecodeError as error:
            raise refusals.Refused(
                "InvalidKey.Format", "Key is not in valid OpenSSH public key format"
            ) from error
        made, _ = self.verbs.create(call.ctx, call.values["KeyName"], public_key=material.strip())
        return _named(made)

    def describe(self, call: Call) -> Mapping[str, Any]:
        """The user's key pairs. Raises NotFound for a name or id that is none of them."""
        found = self.verbs.of_user(call.ctx, limit=_PAGE)
        found = self._asked(call.ctx, found, call.values)
        facts: filters.Facts[KeyPair] = {
            "key-name": lambda one: one.name,
            "key-pair-id": _id,
            "fingerprint": lambda one: one.fingerprint,
        }
        kept = filters.sift(found, call.values.get("Filters"), facts, tags_of=lambda _: {})
        is_shown = call.values.get("IncludePublicKey", False)
        return {
            "KeyPairs": [
                _named(one)
                | {
                    "KeyType": _type(one),
                    "CreateTime": one.created_at,
                    "PublicKey": one.public_key if is_shown else None,
                }
                for one in kept
            ]
        }

    def delete(self, call: Call) -> Mapping[str, Any]:
        """Forget a key pair; one that is not there is none now either (as on AWS)."""
        name = call.values.get("KeyName") or self._name_of(call)
        if name:
            try:
                self.verbs.delete(call.ctx, name)
            except errors.NotFound:
                return {}
        return {}

    def _name_of(self, call: Call) -> str | None:
        if not call.values.get("KeyPairId"):
            raise refusals.missing("KeyName")
        known = {_id(one): one.name for one in self.verbs.of_user(call.ctx, limit=_PAGE)}
        return known.get(call.values["KeyPairId"])

    def _asked(
        self, ctx: context.RequestContext, found: list[KeyPair], values: Mapping[str, Any]
    ) -> list[KeyPair]:
        """Those named; all when nothing is named."""
        by_key = {one.name: one for one in found} | {_id(one): one for one in found}
        wanted = [*values.get("KeyNames", ()), *values.get("KeyPairIds", ())]
        for key in wanted:
            if key not in by_key:
                raise refusals.Refused(
                    "InvalidKeyPair.NotFound", f"The key pair '{key}' does not exist"
                )
        return [by_key[key] for key in dict.fromkeys(wanted)] if wanted else found


def _named(one: KeyPair) -> dict[str, Any]:
    return {"KeyPairId": _id(one), "KeyName": one.name, "KeyFingerprint": one.fingerprint}


def _id(one: KeyPair) -> str:
    """Key pairs have names, not numbers, here: their id is made of user and name."""
    digest = hashlib.sha256(f"{one.user_id}/{one.name}".encode()).hexdigest()
    return f"key-{digest[:17]}"


def _type(one: KeyPair) -> str:
    return "ed25519" if one.public_key.startswith("ssh-ed25519") else "rsa"
