"""A merchant's account. Its entries are the ledger's to show."""

from fastapi import APIRouter

from doorstep.features.billing import queries
from doorstep.features.billing.schemas import AccountTold
from doorstep.features.identity.rules import Scope
from doorstep.platform.auth.gate import MerchantWork, need
from doorstep.platform.http.problems import PROBLEMS

router = APIRouter(prefix="/v1/account", tags=["merchant: account"], responses=PROBLEMS)


@router.get("")
async def my_account(work: MerchantWork) -> AccountTold:
    """What we owe, what is set aside, and what is left. Needs the scope `deliveries:read`."""
    need(work, Scope.DELIVERIES_READ)
    assert work.actor.tenant is not None
    account = await queries.account_of(work, work.actor.tenant)
    return AccountTold(
        currency=account.owed.currency,
        owed_minor=account.owed.minor,
        set_aside_minor=account.set_aside.minor,
        prepaid=account.prepaid,
        credit_limit_minor=account.limit.minor,
        available_minor=account.available.minor,
    )
