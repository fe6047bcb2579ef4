import { useId, useState } from "react";
import { useFormat } from "../../shared/i18n/react";
import { Icon } from "../../shared/ui/marks";
import { useWords } from "../words";
import type { Goods } from "./order";

type Props = { known: readonly Goods[]; goods: Goods; onGoods: (goods: Goods) => void };

const MOST_ITEMS = 500;
const MOST_MINOR = 10_000_000;

/** What goes into the bag: what was sent lately, or something else. */
export function GoodsChoice({ known, goods, onGoods }: Props) {
  const words = useWords();
  const f = useFormat();
  const id = useId();
  const [another, setAnother] = useState(false);
  const typing = another || known.length === 0;
  return (
    <fieldset className="choice">
      <legend>{words("goods.title")}</legend>
      <div className="cards">
        {known.map((one, number) => (
          <label key={one.name} className="card">
            <input
              type="radio"
              name={`${id}goods`}
              value={number}
              checked={!typing && one === goods}
              onChange={() => {
                setAnother(false);
                onGoods(one);
              }}
            />
            <Icon name="bag" size="s" />
            <span>
              <b>{one.name}</b>
              <small>
                {words("goods.size", {
                  n: one.items,
                  items: f.count(one.items),
                  sum: f.money(one.cartMinor),
                })}
              </small>
            </span>
          </label>
        ))}
        {known.length > 0 && (
          <label className="card">
            <input
              type="radio"
              name={`${id}goods`}
              value="another"
              checked={typing}
              onChange={() => {
                setAnother(true);
                onGoods({ name: "", items: 1, cartMinor: 2_000, weightG: 0 });
              }}
            />
            <Icon name="plus" size="s" />
            <span>
              <b>{words("goods.another")}</b>
            </span>
          </label>
        )}
      </div>
      {typing && (
        <div className="fields">
          <p className="wide">
            <label htmlFor={`${id}n`}>{words("goods.name")}</label>
            <input
              id={`${id}n`}
              maxLength={120}
              value={goods.name}
              onChange={(event) => onGoods({ ...goods, name: event.target.value })}
            />
          </p>
          <p>
            <label htmlFor={`${id}i`}>{words("goods.items")}</label>
            <input
              id={`${id}i`}
              type="number"
              min={1}
              max={MOST_ITEMS}
              value={goods.items}
              onChange={(event) =>
                onGoods({ ...goods, items: within(event.target.valueAsNumber, 1, MOST_ITEMS) })
              }
            />
          </p>
          <p>
            <label htmlFor={`${id}v`}>{words("goods.value")}</label>
            <input
              id={`${id}v`}
              type="number"
              min={0}
              step="0.01"
              value={goods.cartMinor / 100}
              onChange={(event) =>
                onGoods({
                  ...goods,
                  cartMinor: within(Math.round(event.target.valueAsNumber * 100), 0, MOST_MINOR),
                })
              }
            />
          </p>
        </div>
      )}
    </fieldset>
  );
}

const within = (value: number, least: number, most: number) =>
  Number.isFinite(value) ? Math.min(Math.max(Math.round(value), least), most) : least;
