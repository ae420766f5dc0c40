/**
 * A number as Go's `%g` writes it in its shortest form, and with it the text format of Prometheus: with an exponent from
 * 10⁶ on and below 10⁻⁴. https://pkg.go.dev/strconv#FormatFloat
 */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  const size = String(Math.abs(power)).padStart(2, '0');
  return `${digits}e${power < 0 ? '-' : '+'}${size}`;
}
