/** Reading labels and shrinking photos. The phone's own detector where it has one, else a library loaded then. */

type Detector = { detect: (source: CanvasImageSource | ImageData) => Promise<{ rawValue: string }[]> };
type DetectorClass = new (options: { formats: string[] }) => Detector;

const FORMATS = ["qr_code", "code_128", "code_39", "ean_13", "ean_8", "upc_a", "upc_e", "itf", "data_matrix"];
const LONGEST_PX = 1600;

export type Reader = (source: HTMLVideoElement | ImageBitmap) => Promise<string | null>;

/** Something that reads one label from a picture. */
export async function labelReader(): Promise<Reader> {
  const Native = (
    globalThis as { BarcodeDetector?: DetectorClass & { getSupportedFormats?: () => Promise<string[]> } }
  ).BarcodeDetector;
  const known = (await Native?.getSupportedFormats?.().catch(() => [])) ?? [];
  if (Native && known.length) {
    const detector = new Native({ formats: FORMATS.filter((one) => known.includes(one)) });
    return async (source) => (await detector.detect(source))[0]?.rawValue ?? null;
  }
  const { readLabel } = await import("./zxing");
  return async (source) => {
    const picture = pixels(source, LONGEST_PX);
    return picture && readLabel(picture);
  };
}

function pixels(source: HTMLVideoElement | ImageBitmap, longest: number): ImageData | null {
  const width = "videoWidth" in source ? source.videoWidth : source.width;
  const height = "videoHeight" in source ? source.videoHeight : source.height;
  if (!width || !height) return null;
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** A photo as small as it may be and still show the door: at most 1600 pixels a side, JPEG, nothing beside it. */
export async function shrunk(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  if (!context) return file;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.82 });
}
