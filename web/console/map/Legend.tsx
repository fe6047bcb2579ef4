import { useEffect, useMemo, useRef, useState } from "react";
import { useShared } from "../../shared/i18n/react";
import { markPreview } from "../../shared/map/marks";
import { paletteOf } from "../../shared/map/palette";
import { useDark } from "../../shared/theme";
import { useWords } from "../words";

const ENTRIES = [
  ["driver-free", "driver.free"],
  ["driver-tostore", "driver.tostore"],
  ["driver-goods", "driver.goods"],
  ["driver-asked", "driver.asked"],
  ["driver-silent", "driver.silent"],
  ["shop", null],
  ["door-onway", null],
  ["door-onway-risk", null],
] as const;
const OWN = { shop: "legend.shop", "door-onway": "legend.door", "door-onway-risk": "legend.risk" } as const;

/** What each mark means, drawn by the same hand as the map. */
export function Legend() {
  const words = useWords();
  const shared = useShared();
  const dark = useDark();
  const box = useRef<HTMLDivElement>(null);
  const [element, setElement] = useState<HTMLElement | null>(null);
  useEffect(() => setElement(box.current), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours change with light and dark
  const images = useMemo(() => {
    if (!element) return null;
    const palette = paletteOf(element);
    return new Map(ENTRIES.map(([image]) => [image, markPreview(palette, image)]));
  }, [element, dark]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a legend of a map, no field of a form
    <div className="mb leg" ref={box} role="group" aria-label={words("legend")}>
      {ENTRIES.map(([image, key]) => (
        <span key={image}>
          {images && <img src={images.get(image)} alt="" width={20} height={20} />}
          {key ? shared(key) : words(OWN[image as keyof typeof OWN])}
        </span>
      ))}
    </div>
  );
}
