import { byteTable } from '../../core/data/preprocessing/linear-map.ts';
import type { ImageSteps } from '../../core/data/preprocessing/input-steps.ts';
import { encodeReal } from '../../core/measure/tflite-scorer.ts';
import type { PlannedInput } from '../plan.ts';
import { cElements, cReal } from './names.ts';
import { cType } from './tensor-types.ts';

/**
 * C of the image pipeline: channels converted, resized by a triangle filter that widens with the reduction, cropped, and
 * each byte looked up in a table of what the model takes. An output row is computed at a time, so no image is stored.
 */
export function imagePreprocessing(
  name: string,
  input: PlannedInput,
  steps: ImageSteps,
): { readonly prototype: string; readonly code: string } {
  const prototype = `void ${name}_preprocess${input.suffix}(const uint8_t *pixels, int height, int width, int channels, ${cType(input).c} *input)`;
  const own = `${name}${input.suffix}`;
  return {
    prototype,
    code: [codeTable(own, input, steps), pixelReader(own, steps), resizer(own, steps), `${prototype} {\n${body(own, steps)}\n}`].join(
      '\n\n',
    ),
  };
}

/** What each byte becomes: scale, offset, normalisation and quantization in one table a channel. */
function codeTable(own: string, input: PlannedInput, { scale, offset, channels }: ImageSteps): string {
  const { c, read } = cType(input);
  const reals = byteTable({ scale: Float64Array.from(scale), offset: Float64Array.from(offset) });
  const codes = Array.from(read(encodeReal(input.details, reals)));
  const literals = codes.map((code) => (c === 'float' ? cReal(code) : String(code)));
  const rows = Array.from({ length: channels }, (_, channel) => {
    const from = scale.length === 1 ? 0 : channel * 256;
    return `  {\n${cElements(literals.slice(from, from + 256), 16)}\n  },`;
  });
  return `/* What the model takes for each byte of each channel. */\nstatic const ${c} ${own}_codes[${channels}][256] = {\n${rows.join('\n')}\n};`;
}

/** Grey to colour by repetition, colour to grey by luma (ITU-R BT.601), alpha dropped: rounded to a byte. */
function pixelReader(own: string, { channels }: ImageSteps): string {
  const other =
    channels === 1
      ? '  if (channels == 3) return (int)floor(R(0.299) * pixel[0] + R(0.587) * pixel[1] + R(0.114) * pixel[2] + R(0.5));\n'
      : channels === 3
        ? '  if (channels == 1) return pixel[0];\n'
        : '';
  return `static int ${own}_pixel(const uint8_t *pixel, int channels, int channel) {\n${other}  (void)channels;\n  return pixel[channel];\n}`;
}

function resizer(own: string, { channels, width }: ImageSteps): string {
  return `/* Where an output pixel looks, and how far: the triangle filter of one axis. */
typedef struct {
  int first;
  int end;
  real centre;
  real support;
} ${own}_taps;

static ${own}_taps ${own}_taps_at(real start, real length, int input_size, int output_size, int index) {
  const real scale = length / output_size;
  ${own}_taps taps;
  taps.support = scale > R(1) ? scale : R(1);
  taps.centre = start + (index + R(0.5)) * scale;
  taps.first = (int)floor(taps.centre - taps.support);
  if (taps.first < 0) taps.first = 0;
  taps.end = (int)ceil(taps.centre + taps.support);
  if (taps.end > input_size) taps.end = input_size;
  if (taps.end <= taps.first) taps.end = taps.first + 1;
  return taps;
}

static real ${own}_weight(const ${own}_taps *taps, int position) {
  const real weight = R(1) - fabs(position + R(0.5) - taps->centre) / taps->support;
  return weight > R(0) ? weight : R(0);
}

static real ${own}_total(const ${own}_taps *taps) {
  real total = R(0);
  int position;
  for (position = taps->first; position < taps->end; position++) total += ${own}_weight(taps, position);
  return total;
}

static float ${own}_share(const ${own}_taps *taps, real total, int position) {
  return (float)((real)(float)${own}_weight(taps, position) / total);
}

/* Halves to even. */
static uint8_t ${own}_byte(float value) {
  const int whole = (int)value;
  const float rest = value - (float)whole;
  const int rounded = rest > 0.5F || (rest == 0.5F && whole % 2 != 0) ? whole + 1 : whole;
  return rounded > 255 ? 255 : (uint8_t)rounded;
}

/* One row of the output: a column of the input after the other is reduced along its height, then added. Products and
   sums are of single precision, as those of training are. */
static void ${own}_row(const uint8_t *pixels, int width, int channels, const ${own}_taps *rows, real left, real length,
                       int full_width, int crop_left, uint8_t *row) {
  const real row_total = ${own}_total(rows);
  int x, y, c, column;
  for (x = 0; x < ${width}; x++) {
    const ${own}_taps columns = ${own}_taps_at(left, length, width, full_width, x + crop_left);
    const real column_total = ${own}_total(&columns);
    float sums[${channels}] = {0};
    for (column = columns.first; column < columns.end; column++) {
      const float column_share = ${own}_share(&columns, column_total, column);
      float tall[${channels}] = {0};
      for (y = rows->first; y < rows->end; y++) {
        const float row_share = ${own}_share(rows, row_total, y);
        const uint8_t *pixel = &pixels[((size_t)y * width + column) * channels];
        for (c = 0; c < ${channels}; c++) tall[c] += row_share * (float)${own}_pixel(pixel, channels, c);
      }
      for (c = 0; c < ${channels}; c++) sums[c] += column_share * tall[c];
    }
    for (c = 0; c < ${channels}; c++) row[x * ${channels} + c] = ${own}_byte(sums[c]);
  }
}`;
}

function body(own: string, steps: ImageSteps): string {
  const { height, width, channels } = steps;
  return `  uint8_t row[${width * channels}];
  int x, y, c;
${placement(steps)}
  for (y = 0; y < ${height}; y++) {
    if (same) {
      for (x = 0; x < ${width}; x++)
        for (c = 0; c < ${channels}; c++)
          row[x * ${channels} + c] =
              (uint8_t)${own}_pixel(&pixels[((size_t)(y + crop_top) * width + x + crop_left) * channels], channels, c);
    } else {
      const ${own}_taps rows = ${own}_taps_at(top, tall, height, full_height, y + crop_top);
      ${own}_row(pixels, width, channels, &rows, left, wide, full_width, crop_left, row);
    }
    for (x = 0; x < ${width}; x++)
      for (c = 0; c < ${channels}; c++) *input++ = ${own}_codes[c][row[x * ${channels} + c]];
  }`;
}

/** The region of the image that is kept, the size that it is resized to, and what is cut out of the result. */
function placement({ height, width, fit, centreCrop, shorterSide }: ImageSteps): string {
  const whole = `  real top = R(0), left = R(0), tall = (real)height, wide = (real)width;
  int full_height = ${height}, full_width = ${width}, crop_top = 0, crop_left = 0;
`;
  switch (fit) {
    case 'stretch':
      return `${whole}  const int same = height == ${height} && width == ${width};`;
    case 'cover':
      return `${whole}  const int same = ${centreCrop === 1 ? `height == ${height} && width == ${width}` : '0'};
  wide = height / R(${cReal(height / width)});
  if (wide > width) wide = (real)width;
  wide *= R(${cReal(centreCrop)});
  tall = wide * R(${cReal(height / width)});
  top = (height - tall) / 2;
  left = (width - wide) / 2;`;
    case 'resizeThenCrop':
      return `${whole}  const int shorter = height < width ? height : width;
  int same;
  full_height = height == shorter ? ${shorterSide} : (int)((long)${shorterSide} * height / shorter);
  full_width = width == shorter ? ${shorterSide} : (int)((long)${shorterSide} * width / shorter);
  same = full_height == height && full_width == width;
  /* Halves to even. */
  crop_top = (full_height - ${height}) / 2;
  if ((full_height - ${height}) % 2 != 0) crop_top += crop_top % 2;
  crop_left = (full_width - ${width}) / 2;
  if ((full_width - ${width}) % 2 != 0) crop_left += crop_left % 2;`;
  }
}
