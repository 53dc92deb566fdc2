"""EC2's API at `/services/Cloud`: translation only; what is decided, `services.*.api` decide.

A noun's module has a class on its verbs whose `actions()` map an action's name to a method:

    def describe(self, call: Call) -> Mapping[str, Any]

`call.ctx` is the caller, `call.values` what was asked, by botocore's names and as Python values
(absent: not sent); what it returns is the answer, by botocore's names (None: left out; `{}`:
EC2's `return` true). `front.py` does the rest: signature, parsing, XML, DryRun, errors.

- `names.inside(db, "i-0000002a", "instance")` and `names.outside`, `names.all_outside`: ids.
- `filters.sift(items, call.values.get("Filters"), facts, tags_of=…)`, `paging.page(call, rows,
  view)`: Filter, MaxResults, NextToken.
- `raise refusals.Refused(code, message)`, `refusals.invalid`, `refusals.missing`; errors of the
  verbs are translated by `refusals.of`, whose tables have a code an error and action.
- `Tags.put_specified(call, kind, ids)`, `tags.specified(call, kind)`, `tags.view(pairs)`: tags.
- `call.refuse("CpuOptions", …)`: say that something asked for would be ignored.

`nouns.py` lists the nouns. The actions that may be served are those of
`tests/services/api/ec2/model.py`, from which `shapes.json` is made (`just regenerate`); old
spellings stand in `spellings.py`.
"""

from appliance import config
from appliance.db import connection
from services.api import verbs
from services.api.ec2 import nouns, refusals
from services.api.ec2.front import Front
from services.http import endpoint
from services.identity.api.ec2_credentials import Ec2Credentials

PREFIX = "/services/Cloud"


def face(settings: config.Settings, db: connection.Database, asked: verbs.Verbs) -> endpoint.Face:
    """The API. Raises ConfigError before the first start."""
    front = Front(db, Ec2Credentials(settings, db), nouns.actions(settings, db, asked))
    return endpoint.Face(prefix=PREFIX, paths=front.paths(), fault=refusals.ec2)
