// LSTM and GRU: the inputs times their weights for all steps at once, then the recurrence of each direction.

import type { Size } from "../dimension.ts";
import { entryOf } from "../entry.ts";
import type { Constant } from "../graph.ts";
import type { Value } from "../value.ts";
import { concat, dense, floats, reshape, transpose } from "./ops.ts";
import type { LowerTable, Scope } from "./scope.ts";

interface Direction {
  readonly index: number;
  readonly reverse: number;
}

interface Layer {
  readonly gates: number;
  readonly hidden: number;
  readonly steps: Size;
  readonly batch: Size;
  readonly inputs: number;
  /** (steps, batch, inputs) */
  readonly x: Value;
  /** Layout 1: in the node's inputs, outputs and states the batch is the first axis. */
  readonly batchFirst: boolean;
  readonly directions: readonly Direction[];
}

function readLayer(node: Scope, gates: number): Layer {
  if (node.has("activations") && !isDefault(node, gates))
    node.refuse("other activations than the usual ones");
  if (node.number("input_forget", 0) !== 0) node.refuse("input_forget");
  const batchFirst = node.number("layout", 0) === 1;
  const given = node.input(0);
  const x = batchFirst && given.shape.length === 3 ? transpose(node, given, [1, 0, 2]) : given;
  const [steps, batch, inputs] = x.shape;
  if (x.dtype !== "f32" || steps === undefined || batch === undefined || typeof inputs !== "number")
    return node.refuse("want f32 inputs of three axes, the last of a fixed size");
  const hidden = node.number("hidden_size");
  if (node.input(2).shape[2] !== hidden) node.refuse(`hidden_size ${hidden} beside these weights`);
  const names: Readonly<Record<string, readonly number[]>> = {
    forward: [0],
    reverse: [1],
    bidirectional: [0, 1],
  };
  const name = node.text("direction", "forward");
  const reverses = entryOf(names, name) ?? node.refuse(`direction ${name}`);
  const directions = reverses.map((reverse, index) => ({ index, reverse }));
  return { gates, hidden, steps, batch, inputs, x, batchFirst, directions };
}

const USUAL: Readonly<Record<number, readonly string[]>> = {
  4: ["sigmoid", "tanh", "tanh"],
  3: ["sigmoid", "tanh"],
};

function isDefault(node: Scope, gates: number): boolean {
  const usual = USUAL[gates]!;
  return node
    .texts("activations", [])
    .every((name, index) => name.toLowerCase() === usual[index % usual.length]);
}

/** The part of a constant (directions, …) that belongs to one direction; zeros where it is absent. */
function part(node: Scope, index: number, direction: number, length: number): Float32Array {
  if (node.optional(index) === null) return new Float32Array(length);
  const constant: Constant = node.constant(index);
  if (constant.dtype !== "f32") return node.refuse(`input ${index} of ${constant.dtype}`);
  const data = constant.data.slice(direction * length, (direction + 1) * length);
  return data.length === length ? data : node.refuse(`input ${index} of ${constant.data.length} values`);
}

/** Where a state begins: the given one, or zeros. */
function initialState(node: Scope, index: number, { index: direction }: Direction, layer: Layer): number {
  const { context } = node;
  const shape = [layer.batch, layer.hidden];
  const given = node.optional(index);
  if (given === null) {
    const tensor = node.temporary("f32", shape);
    context.builder.op("fill", node.name, [], [tensor], { low: 0, high: 0 });
    return tensor;
  }
  const source = context.contiguous(layer.batchFirst ? transpose(node, given, [1, 0, 2]) : given);
  const tensor = node.temporary("f32", [1, ...shape]);
  context.builder.op("slice", node.name, [source], [tensor], { starts: [direction, 0, 0], steps: [1, 1, 1] });
  return context.builder.view(tensor, shape);
}

function sequenceLengths(node: Scope): number {
  const lengths = node.optional(4);
  if (lengths !== null && lengths.dtype !== "i32") node.refuse(`lengths of ${lengths.dtype}`);
  return lengths === null ? -1 : node.context.contiguous(lengths);
}

/** x · Wᵀ + biases of one direction, (steps, batch, gates · hidden). */
function project(node: Scope, layer: Layer, direction: number, bias: Float32Array): number {
  const rows = layer.gates * layer.hidden;
  const weights = part(node, 1, direction, rows * layer.inputs);
  const value = dense(node, layer.x, { outputs: rows, inputs: layer.inputs, weights, bias });
  return node.context.contiguous(value);
}

function matrix(node: Scope, title: string, shape: readonly number[], data: Float32Array): number {
  return node.context.contiguous(floats(node, title, shape, data));
}

/**
 * (steps, batch, hidden) of each direction → Y (steps, directions, batch, hidden); the last states side by side. In
 * layout 1 Y is (batch, steps, directions, hidden), a state (batch, directions, hidden).
 */
function setOutputs(node: Scope, layer: Layer, results: readonly (readonly number[])[]): void {
  const { context } = node;
  const { steps, batch, hidden } = layer;
  const join = (output: number, shape: readonly Size[], axis: number) => {
    if (!node.wants(output)) return;
    const values = results.map((tensors) => {
      const value = context.placedValue(node.outputName(output), "f32", shape, tensors[output]!);
      return reshape(node, value, [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
    });
    const whole = values.length === 1 ? values[0]! : concat(node, values, axis);
    node.set(
      output,
      layer.batchFirst ? transpose(node, whole, axis === 0 ? [1, 0, 2] : [2, 0, 1, 3]) : whole,
    );
  };
  join(0, [steps, batch, hidden], 1);
  for (let state = 1; state < results[0]!.length; state++) join(state, [batch, hidden], 0);
}

function lstm(node: Scope): void {
  const layer = readLayer(node, 4);
  const { hidden, steps, batch } = layer;
  const lengths = sequenceLengths(node);
  const results = layer.directions.map((direction) => {
    const biases = part(node, 3, direction.index, 8 * hidden);
    const bias = biases.subarray(0, 4 * hidden).map((each, index) => each + biases[4 * hidden + index]!);
    const xw = project(node, layer, direction.index, bias);
    const recurrence = part(node, 2, direction.index, 4 * hidden * hidden);
    const title = `${direction.index}`;
    const weights = matrix(node, `R${title}`, [4 * hidden, hidden], recurrence);
    const peephole =
      node.optional(7) === null
        ? -1
        : matrix(node, `P${title}`, [3 * hidden], part(node, 7, direction.index, 3 * hidden));
    const initial = [5, 6].map((input) => initialState(node, input, direction, layer));
    const outputs = [
      node.temporary("f32", [steps, batch, hidden]),
      node.temporary("f32", [batch, hidden]),
      node.temporary("f32", [batch, hidden]),
    ];
    node.context.builder.op("lstm", node.name, [xw, weights, ...initial, peephole, lengths], outputs, {
      reverse: direction.reverse,
      clip: node.number("clip", 0),
    });
    return outputs;
  });
  setOutputs(node, layer, results);
}

function gru(node: Scope): void {
  const layer = readLayer(node, 3);
  const { hidden, steps, batch } = layer;
  const lengths = sequenceLengths(node);
  const linear = node.number("linear_before_reset", 0);
  const results = layer.directions.map((direction) => {
    const biases = part(node, 3, direction.index, 6 * hidden);
    const xw = project(node, layer, direction.index, biases.slice(0, 3 * hidden));
    const title = `${direction.index}`;
    const recurrence = part(node, 2, direction.index, 3 * hidden * hidden);
    const weights = matrix(node, `R${title}`, [3 * hidden, hidden], recurrence);
    const bias = matrix(node, `Rb${title}`, [3 * hidden], biases.slice(3 * hidden));
    const initial = initialState(node, 5, direction, layer);
    const outputs = [node.temporary("f32", [steps, batch, hidden]), node.temporary("f32", [batch, hidden])];
    node.context.builder.op("gru", node.name, [xw, weights, initial, bias, lengths], outputs, {
      reverse: direction.reverse,
      clip: node.number("clip", 0),
      linearBeforeReset: linear,
    });
    return outputs;
  });
  setOutputs(node, layer, results);
}

export const RECURRENT: LowerTable = { LSTM: lstm, GRU: gru };
