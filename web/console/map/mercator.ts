/** Web Mercator, 0..1 from the west and from the north. */
export const mercatorX = (lng: number): number => (lng + 180) / 360;
export const mercatorY = (lat: number): number => {
  const sin = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
};
