"""What a simulated day rests on, told line by line: nobody should act on a figure without having seen these."""

from collections.abc import Mapping
from html import escape

from doorstep.features.offers.rising import Rise
from doorstep.sim.scenario import NOBODY, City, Company, Scenario
from doorstep.sim.town import town_of


def assumed(scenario: Scenario, company: Company = NOBODY) -> str:
    """The section of the report; ``company`` is the courier company behind the drivers of some setting."""
    people, demand, fleet = scenario.behaviour, scenario.demand, scenario.fleet
    known = scenario.city.recorded is not None
    facts = [
        ("Town", _town(scenario.city)),
        ("Orders", f"{demand.orders:,} a day" + ("" if known else f", promised within {demand.promise_min:g} min, told ready after about {demand.prep_min:g}") + _loads(scenario)),
        ("Drivers", f"{fleet.drivers:,} slots" + ("" if known else f" of {fleet.shift_h[0]:g} to {fleet.shift_h[1]:g} hours, {100 * fleet.turnout:.0f}% of them taken at today's pay") + _gear(scenario)),
        ("Offers", f"{100 * people.declines:g}% not taken at today's pay; 1% better pay is declined {people.pay_elasticity:g}% less often and fills {fleet.supply_elasticity:g}% more slots" + _ladder(scenario)),
        ("Kitchens", f"true times spread {100 * people.ready_spread:.0f}% around what was told; {100 * people.tells_ready:.0f}% of stores say when it is ready" + _believed(scenario.dispatch.ready_factor)),
        ("Roads", _roads(scenario.city)),
        ("Luck on the road", f"{100 * people.travel_spread:.0f}% a drive, {100 * people.traffic_spread:.0f}% an hour's traffic; dispatch expects the usual" + _believed(scenario.dispatch.way_factor)),
        ("Phones", f"silent {people.signal_losses_h:g} times an hour for {people.signal_lost_min:g} min; drivers begin {people.late_min:g} min late, {100 * people.leaves_early:.0f}% leave early"),
        ("Shoppers", f"{100 * people.cancels:g}% change their mind, about {people.cancels_after_min:g} min after ordering; it counts until the goods are with a driver" if people.cancels else "nobody cancels"),
    ]  # fmt: skip
    if company.there:
        facts.append(("Courier company", _outside(company)))
    missing = "" if company.there else "outside couriers, "
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(told)}</dd>" for name, told in facts)
    return (
        f"<dl>{rows}</dl><p class='small' style='margin-top:12px'>How drivers answer to pay is the weakest of these: it is an assumption until your own"
        f" offers tell better. Not simulated: {missing}failed hand-overs, windows of the next day.</p>"
    )


def _town(city: City) -> str:
    if city.recorded is not None:
        return f"recorded day {city.recorded.name}"
    within = f"{city.stores} stores within {city.radius_km:g} km of its middle"
    if city.extract is None:
        return f"metro {city.metro}, {within}; households by ZIP are census figures, addresses and shops are invented"
    shops = town_of(city).on_the_map
    others = "" if shops == city.stores else f", {city.stores - shops} invented along its larger streets"
    return (
        f"the map {city.extract.name}, {within}: {shops} shops of the map{others}; {city.doors} doors, drawn evenly along residential"
        " streets, since a map of streets does not know who lives where"
    )


def _roads(city: City) -> str:
    if city.recorded is not None:
        return "the recorded day's rule"
    if city.extract is not None:
        return "OSRM's ways on the streets of the map, slowed by the hour"
    return "straight line times 1.35 at speeds by hour"


def _loads(scenario: Scenario) -> str:
    demand = scenario.demand
    told = f"; {demand.units:g} load units each on average" if demand.units > 1 else ""
    return told + (f"; asking for {_shares(demand.needs)}" if demand.needs else "")


def _gear(scenario: Scenario) -> str:
    fleet = scenario.fleet
    told = f"; able: {_shares(fleet.abilities)}" if fleet.abilities else ""
    whole = sum(fleet.vehicles.values())
    return told + (
        f"; driving {_shares({kind: part / whole for kind, part in fleet.vehicles.items()})}"
        if fleet.vehicles
        else ""
    )


def _believed(factor: float) -> str:
    return "" if factor == 1 else f"; dispatch counts on {factor:g} times as long"


def _ladder(scenario: Scenario) -> str:
    count = scenario.dispatch.declines_before_broadcast
    risen = _risen(scenario.dispatch.rise)
    if not count:
        return f"; always asked one by one{risen}"
    times = "a no" if count == 1 else f"{count} noes"
    return (
        f"; after {times}, or shortly before the latest departure, all drivers near are asked at once{risen}"
    )


def _risen(rise: Rise) -> str:
    most = rise.most_minor if rise.step_minor else 0
    if not most:
        return ""
    step, cap = (f"${minor / 100:,.2f}" for minor in (rise.step_minor, most))
    return (
        f"; a no that leaves only somebody {rise.from_min:g} min worse adds {step} to the pay, {cap} at most"
    )


def _outside(company: Company) -> str:
    """What it is assumed to do; its fee and how it is asked stand among what was varied, or in the scenario."""
    told = f"${company.fee_minor / 100:,.2f} an order; its courier is at the store {company.pickup_s / 60:g} min after it is asked (the median; true times spread {100 * company.pickup_spread:.0f}% around it)"
    told += f"; it does not take {100 * company.refuses:g}% of what it is asked" if company.refuses else ""
    if company.in_plan:
        return f"{told}; within the plan, a waited minute at ${company.minute_minor / 100:,.2f}"
    return f"{told}; asked last, when nobody took an order or nobody could"


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {100 * share:.3g}%" for name, share in shares.items())
