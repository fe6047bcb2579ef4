import ErrorCorrectionLevel from "@zxing/library/esm/core/qrcode/decoder/ErrorCorrectionLevel";
import Encoder from "@zxing/library/esm/core/qrcode/encoder/Encoder";
import { useMemo } from "react";

/** Empty modules around the code, as ISO/IEC 18004 asks for. */
const QUIET = 4;

/** A QR code drawn here: what it says goes to nobody. Always dark on white, for cameras. */
export default function QrCode({ says, label }: { says: string; label: string }) {
  const { side, path } = useMemo(() => {
    const matrix = Encoder.encode(says, ErrorCorrectionLevel.M).getMatrix();
    const marks: string[] = [];
    for (let y = 0; y < matrix.getHeight(); y++) {
      for (let x = 0; x < matrix.getWidth(); x++) {
        if (matrix.get(x, y) === 1) marks.push(`M${x + QUIET} ${y + QUIET}h1v1h-1z`);
      }
    }
    return { side: matrix.getWidth() + 2 * QUIET, path: marks.join("") };
  }, [says]);
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${side} ${side}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
