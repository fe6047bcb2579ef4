import { useQuery } from "@tanstack/react-query";
import { api, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { useVehicle } from "../../shared/i18n/vehicle";
import { Icon, Mark } from "../../shared/ui/marks";
import { shortHash } from "../../shared/ui/pay";
import { phoneOf } from "../acts/Acting";
import { Card } from "../board/cards";
import { Close } from "../delivery/DeliveryDrawer";
import { marketNow, useNow } from "../market/clock";
import { fixAge } from "../market/fix";
import { useMarket } from "../market/live";
import type { Market } from "../market/market";
import { useWords } from "../words";

/** A driver now: where, since when, on which trip, with what, and what she is being asked. */
export function DriverDrawer({ id, market, onClose }: { id: string; market: Market; onClose: () => void }) {
  const words = useWords();
  const vehicle = useVehicle();
  const shared = useShared();
  const f = useFormat();
  const now = useNow();
  const live = useMarket("drivers", "trips", "offers", "deliveries", "concerns");
  const asked = useQuery({
    queryKey: ["drawer", id],
    queryFn: () =>
      told(api.GET("/staff/v1/drivers/{driver_id}/drawer", { params: { path: { driver_id: id } } })),
    refetchInterval: 10_000,
  });
  const drawer = asked.data;
  const name = live.drivers.get(id)?.name ?? (drawer ? `${drawer.first_name} ${drawer.last_name}` : "");
  const place = live.places.get(id);
  const look = live.lookOf(id, now);
  const trip = live.tripOf.get(id);
  const carries = trip
    ? trip.stops
        .flatMap((stop) => (stop.kind === "drop" ? stop.deliveries : []))
        .map((each) => live.deliveries.get(each))
        .filter((one) => one !== undefined)
    : [];
  const offer = live.asked.get(id);
  const ageS = place ? (now - place.atMs) / 1000 : 0;
  const say = () => {
    if (!look) return words(drawer?.on_duty ? "driver.say.nofix" : "driver.say.off", { name });
    if (look === "silent") return words("driver.say.silent", { name, age: f.age(ageS) });
    if (trip) {
      const left = trip.stops.filter((stop) => stop.state === "open" || stop.state === "reached").length;
      return words("driver.say.trip", { name, n: left, count: f.count(left) });
    }
    return words(look === "asked" ? "driver.say.asked" : "driver.say.free", { name });
  };
  return (
    <>
      <header className="dh">
        <div className="top">
          {look && <span className="chip">{shared(`driver.${look}`)}</span>}
          <span className="code" title={id}>
            {id.slice(0, 4)}…{id.slice(-6)}
          </span>
          <span className="sp" />
          <Close onClose={onClose} />
        </div>
        <h2>{name ? say() : words("delivery.loading")}</h2>
        <div className="who">
          <p>
            <b>{drawer ? `${drawer.first_name} ${drawer.last_name}` : name}</b>
            {vehicle(drawer?.vehicle)}
            <br />
            {drawer && <a href={`tel:${drawer.phone}`}>{phoneOf(drawer.phone)}</a>}
          </p>
          <p>
            <b>{place ? fixAge(ageS, words, f) : words("driver.nofix")}</b>
            {place?.speed_mps ? f.speed(place.speed_mps) : words("driver.still")}
            <br />
            {drawer?.on_duty && words("driver.since", { time: f.moment(drawer.on_duty_since, now) })}
          </p>
        </div>
      </header>
      <div className="tl plain">
        {offer && (
          <section>
            <h3>
              <Mark name="offer" />
              {words("driver.asked", {
                sum: f.money(offer.total_minor, market.currency),
                left: f.age(Math.max(0, (Date.parse(offer.expires_at) - marketNow()) / 1000)),
              })}
            </h3>
            {offer.deliveries.map((each) => {
              const one = live.deliveries.get(each);
              return one ? <Card key={each} one={one} market={live} /> : null;
            })}
          </section>
        )}
        <section>
          <h3>
            <Icon name="road" size="s" />
            {trip ? words("driver.trip") : words("driver.notrip")}
          </h3>
          {trip && (
            <ol className="stops">
              {trip.stops.map((stop) => {
                const first = live.deliveries.get(stop.deliveries[0] ?? "");
                const over = stop.state === "open" || stop.state === "reached" ? null : stop.state;
                return (
                  <li key={`${stop.kind} ${stop.deliveries.join(" ")}`} className={over ? "over" : undefined}>
                    <Mark
                      name={
                        stop.kind === "drop"
                          ? over
                            ? "done"
                            : "atdoor"
                          : stop.kind === "return"
                            ? "back"
                            : "atstore"
                      }
                    />
                    <b>
                      {stop.kind === "drop"
                        ? (first?.dropoff ?? words("stop.drop"))
                        : (first?.pickup ?? words(`stop.${stop.kind}`))}
                    </b>
                    <span>
                      {over
                        ? words(`stop.state.${over}`)
                        : stop.due_at
                          ? words("map.by", { time: f.moment(stop.due_at, now) })
                          : ""}
                    </span>
                  </li>
                );
              })}
            </ol>
          )}
        </section>
        {carries.length > 0 && (
          <section>
            <h3>
              <Icon name="bag" size="s" />
              {words("driver.carries", { n: carries.length, count: f.count(carries.length) })}
            </h3>
            {carries.map((one) => (
              <Card key={one.id} one={one} market={live} />
            ))}
          </section>
        )}
        {drawer?.trips[0] && (
          <p className="lock">
            <Icon name="lock" size="s" />
            {words("driver.terms")} <span className="code">{shortHash(drawer.trips[0].terms_hash)}</span>
          </p>
        )}
      </div>
    </>
  );
}
