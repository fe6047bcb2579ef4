"""Phone numbers as people type them, in E.164 as we keep them."""

import phonenumbers

from doorstep.features.identity.errors import NoPhone
from doorstep.platform.errors import Fault


def e164(text: str, region: str = "US") -> str:
    """``text`` as E.164 (+16155550142); numbers without a country are of ``region``. Raises NoPhone."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise NoPhone(faults=[Fault("/body/phone", "not a phone number")]) from error
    if not phonenumbers.is_possible_number(number):
        raise NoPhone(faults=[Fault("/body/phone", "not a possible phone number")])
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
