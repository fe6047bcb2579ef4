import type { CustomLayerInterface, MapLibreMap } from "maplibre-gl";
import type { MarkImage } from "../../shared/map/marks";
import { mercatorX, mercatorY } from "./mercator";

/**
 * Thousands of marks and lines as two layers of our own: instanced quads, one upload per change, nothing per
 * feature and frame. Places are kept relative to an anchor in the market, so that 32-bit floats are exact to a
 * fraction of a pixel at every zoom. The map stands upright and flat, which makes the projection a scale and a
 * shift.
 */

const CELL_PX = 48;
const TILE_PX = 512;

export type Anchor = { x: number; y: number };

function program(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("no shader");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "");
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? "");
  return made;
}

const VIEW = `
uniform vec2 u_shift;   // from the middle of the view to the anchor, in pixels
uniform float u_world;  // pixels of the whole world
uniform vec2 u_half;    // half of the view, in pixels
vec2 seen(vec2 at) { return at * u_world + u_shift; }
vec4 clip(vec2 px) { return vec4(px.x / u_half.x, -px.y / u_half.y, 0.0, 1.0); }
`;

const MARK_VERTEX = `#version 300 es
precision highp float;
${VIEW}
layout(location = 0) in vec2 corner;
layout(location = 1) in vec2 at;
layout(location = 2) in float turn;
layout(location = 3) in float cell;
layout(location = 4) in float size;
layout(location = 5) in float alpha;
layout(location = 6) in float extent; // how much of its cell the image fills: the rest is not drawn
uniform float u_columns;
out vec2 v_uv;
out float v_alpha;
void main() {
  vec2 px = corner * ${CELL_PX.toFixed(1)} * extent * size;
  float c = cos(turn), s = sin(turn);
  gl_Position = clip(seen(at) + vec2(px.x * c - px.y * s, px.x * s + px.y * c));
  vec2 here = vec2(mod(cell, u_columns), floor(cell / u_columns));
  v_uv = (here + corner * extent + 0.5) / u_columns;
  v_alpha = alpha;
}`;

const MARK_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D u_sheet;
in vec2 v_uv;
in float v_alpha;
out vec4 colour;
void main() { colour = texture(u_sheet, v_uv) * v_alpha; }`;

const LINE_VERTEX = `#version 300 es
precision highp float;
${VIEW}
layout(location = 0) in vec2 corner;
layout(location = 1) in vec2 from;
layout(location = 2) in vec2 to;
layout(location = 3) in vec4 tint;
layout(location = 4) in vec2 shape;
out vec4 v_tint;
out vec2 v_along;
out vec3 v_shape;
void main() {
  vec2 a = seen(from), b = seen(to);
  vec2 way = b - a;
  float far = max(length(way), 0.001);
  vec2 dir = way / far, side = vec2(-dir.y, dir.x);
  float half_width = shape.x * 0.5 + 1.0;
  float along = corner.x < 0.0 ? -half_width : far + half_width;
  vec2 px = a + dir * along + side * corner.y * 2.0 * half_width;
  gl_Position = clip(px);
  v_tint = tint;
  v_along = vec2(along, corner.y * 2.0 * half_width);
  v_shape = vec3(shape.y, far, shape.x * 0.5);
}`;

const LINE_FRAGMENT = `#version 300 es
precision highp float;
in vec4 v_tint;
in vec2 v_along;
in vec3 v_shape;
out vec4 colour;
void main() {
  float width = v_shape.z;
  float along = v_along.x, outside;
  float step = v_shape.x;
  if (step > 0.0) { // round dots, as far apart as the step
    float near = clamp(floor(along / step + 0.5) * step, 0.0, v_shape.y);
    outside = length(vec2(along - near, v_along.y)) - width;
  } else {
    float over = max(max(-along, along - v_shape.y), 0.0);
    outside = length(vec2(over, v_along.y)) - width;
  }
  float seen = clamp(0.5 - outside, 0.0, 1.0) * v_tint.a;
  colour = vec4(v_tint.rgb * seen, seen);
}`;

type View = { shift: [number, number]; world: number; half: [number, number] };

function viewOf(map: MapLibreMap, anchor: Anchor): View {
  const world = TILE_PX * 2 ** map.getZoom();
  const middle = map.getCenter();
  const box = map.getContainer();
  return {
    world,
    shift: [(anchor.x - mercatorX(middle.lng)) * world, (anchor.y - mercatorY(middle.lat)) * world],
    half: [box.clientWidth / 2, box.clientHeight / 2],
  };
}

/** One sheet with all images of marks, each in the middle of its cell. */
export class Sheet {
  readonly cells = new Map<string, { cell: number; extent: number }>();
  readonly columns: number;
  readonly canvas: OffscreenCanvas;

  constructor(images: readonly MarkImage[]) {
    const ratio = images[0]?.pixelRatio ?? 1;
    const side = Math.ceil(CELL_PX * ratio);
    this.columns = Math.ceil(Math.sqrt(images.length));
    this.canvas = new OffscreenCanvas(this.columns * side, this.columns * side);
    const context = this.canvas.getContext("2d");
    for (const [number, image] of images.entries()) {
      const left = (number % this.columns) * side + Math.round((side - image.data.width) / 2);
      const top = Math.floor(number / this.columns) * side + Math.round((side - image.data.height) / 2);
      context?.putImageData(image.data, left, top);
      this.cells.set(image.name, { cell: number, extent: Math.min(1, image.data.width / side) });
    }
  }
}

/** Values of one mark: x, y (from the anchor), turn, cell, size, alpha, extent. */
export const MARK_VALUES = 7;
/** Values of one line: from x, y, to x, y, red, green, blue, alpha, width, step of its dots (0: solid). */
export const LINE_VALUES = 10;

abstract class Instanced implements CustomLayerInterface {
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;
  protected gl: WebGL2RenderingContext | null = null;
  protected made: WebGLProgram | null = null;
  protected values: Float32Array = new Float32Array(0);
  protected count = 0;
  private array: WebGLVertexArrayObject | null = null;
  private buffer: WebGLBuffer | null = null;
  private corners: WebGLBuffer | null = null;
  private room = 0;
  private fresh = false;
  private readonly uniforms = new Map<string, WebGLUniformLocation | null>();
  protected map: MapLibreMap | null = null;

  constructor(
    readonly id: string,
    protected readonly anchor: Anchor,
    private readonly layout: readonly number[],
  ) {}

  protected abstract sources(): [string, string];
  protected prepare(_gl: WebGL2RenderingContext, _made: WebGLProgram): void {}

  onAdd(map: MapLibreMap, context: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.map = map;
    this.gl = context as WebGL2RenderingContext;
    this.made = null;
  }

  /** With the first drawing: the map knows then that the state of WebGL is no longer as it left it. */
  private begin(gl: WebGL2RenderingContext): WebGLProgram {
    this.made = program(gl, ...this.sources());
    this.uniforms.clear();
    this.array = gl.createVertexArray();
    this.buffer = gl.createBuffer();
    this.corners = gl.createBuffer();
    this.room = 0;
    this.fresh = true;
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    gl.bufferData(
      gl.ARRAY_BUFFER,
      new Float32Array([-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5]),
      gl.STATIC_DRAW,
    );
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    const stride = this.layout.reduce((sum, one) => sum + one, 0) * 4;
    let offset = 0;
    for (const [number, width] of this.layout.entries()) {
      gl.enableVertexAttribArray(number + 1);
      gl.vertexAttribPointer(number + 1, width, gl.FLOAT, false, stride, offset);
      gl.vertexAttribDivisor(number + 1, 1);
      offset += width * 4;
    }
    gl.bindVertexArray(null);
    this.prepare(gl, this.made);
    return this.made;
  }

  onRemove(): void {
    const gl = this.gl;
    if (!gl) return;
    gl.deleteProgram(this.made);
    gl.deleteBuffer(this.buffer);
    gl.deleteBuffer(this.corners);
    gl.deleteVertexArray(this.array);
    this.gl = null;
  }

  /** Shows the first `count` of `values`; they are read until the next call. */
  set(values: Float32Array, count: number): void {
    this.values = values;
    this.count = count;
    this.fresh = true;
  }

  render(): void {
    const { gl, map } = this;
    if (!gl || !map || this.count === 0) return;
    const began = performance.now();
    const made = this.made ?? this.begin(gl);
    const view = viewOf(map, this.anchor);
    // biome-ignore lint/correctness/useHookAtTopLevel: a call of WebGL, not a hook of React
    gl.useProgram(made);
    gl.bindVertexArray(this.array);
    if (this.fresh) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
      const stride = this.layout.reduce((sum, one) => sum + one, 0);
      if (this.count > this.room) {
        this.room = Math.ceil(this.count * 1.5) + 64;
        gl.bufferData(gl.ARRAY_BUFFER, this.room * stride * 4, gl.DYNAMIC_DRAW);
      }
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, this.values, 0, this.count * stride);
      this.fresh = false;
    }
    gl.uniform2fv(this.at(gl, made, "u_shift"), view.shift);
    gl.uniform1f(this.at(gl, made, "u_world"), view.world);
    gl.uniform2fv(this.at(gl, made, "u_half"), view.half);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.bind(gl, made);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
    gl.bindVertexArray(null);
    window.doorstepTiming?.("draw", performance.now() - began);
  }

  protected bind(_gl: WebGL2RenderingContext, _made: WebGLProgram): void {}

  /** Where a uniform of the program lies: asked once, the driver's answer may be slow. */
  protected at(gl: WebGL2RenderingContext, made: WebGLProgram, name: string): WebGLUniformLocation | null {
    let found = this.uniforms.get(name);
    if (found === undefined) {
      found = gl.getUniformLocation(made, name);
      this.uniforms.set(name, found);
    }
    return found;
  }
}

export class MarksLayer extends Instanced {
  private texture: WebGLTexture | null = null;

  constructor(
    id: string,
    anchor: Anchor,
    private readonly sheet: Sheet,
  ) {
    super(id, anchor, [2, 1, 1, 1, 1, 1]);
  }

  protected sources(): [string, string] {
    return [MARK_VERTEX, MARK_FRAGMENT];
  }

  protected override prepare(gl: WebGL2RenderingContext): void {
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, this.sheet.canvas);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  }

  override onRemove(): void {
    this.gl?.deleteTexture(this.texture);
    super.onRemove();
  }

  protected override bind(gl: WebGL2RenderingContext, made: WebGLProgram): void {
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.uniform1i(this.at(gl, made, "u_sheet"), 0);
    gl.uniform1f(this.at(gl, made, "u_columns"), this.sheet.columns);
  }
}

export class LinesLayer extends Instanced {
  constructor(id: string, anchor: Anchor) {
    super(id, anchor, [2, 2, 4, 2]);
  }

  protected sources(): [string, string] {
    return [LINE_VERTEX, LINE_FRAGMENT];
  }
}
