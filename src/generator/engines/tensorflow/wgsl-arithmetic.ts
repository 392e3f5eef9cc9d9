/** The arithmetic of activations as expressions of WGSL, the shading language of WebGPU. */
import {
  POINTWISE_ACTIVATIONS,
  type PointwiseActivationName,
  type PointwiseArithmetic,
} from '../../model/activation-formulas.ts';

/**
 * Functions that the expressions below call. exp(-2 |x|) cannot overflow, which `tanh` of some drivers does;
 * the error function is formula 7.1.26 of Abramowitz and Stegun, with an error of at most 1.5e-7.
 */
export const WGSL_FUNCTIONS = `
  fn gate(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }
  fn squash(x: f32) -> f32 { let e = exp(-2.0 * abs(x)); return sign(x) * (1.0 - e) / (1.0 + e); }
  fn softPlus(x: f32) -> f32 { return max(x, 0.0) + log(1.0 + exp(-abs(x))); }
  fn errorFunction(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.3275911 * abs(x));
    let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return sign(x) * (1.0 - p * exp(-x * x));
  }`;

function operand(value: string | number): string {
  if (typeof value === 'string') return value;
  const digits = Number.isInteger(value) ? `${value}.0` : `${value}`;
  return value < 0 ? `(${digits})` : digits;
}

const binary = (operator: string) => (a: string, b: string | number) => `(${a} ${operator} ${operand(b)})`;
const call = (name: string) => (x: string) => `${name}(${x})`;

const WGSL: PointwiseArithmetic<string> = {
  add: binary('+'),
  subtract: binary('-'),
  multiply: binary('*'),
  divide: binary('/'),
  max: (a, b) => `max(${a}, ${operand(b)})`,
  min: (a, b) => `min(${a}, ${operand(b)})`,
  abs: call('abs'),
  exp: call('exp'),
  sqrt: call('sqrt'),
  tanh: call('squash'),
  sigmoid: call('gate'),
  softplus: call('softPlus'),
  erf: call('errorFunction'),
  above: (x, bound) => `select(0.0, 1.0, ${x} > ${operand(bound)})`,
};

/** A WGSL function that applies an activation to one number. */
export function wgslActivation(functionName: string, activation: PointwiseActivationName): string {
  const formula: (of: PointwiseArithmetic<string>, x: string) => string = POINTWISE_ACTIVATIONS[activation];
  return `
  fn ${functionName}(x: f32) -> f32 { return ${formula(WGSL, 'x')}; }`;
}
