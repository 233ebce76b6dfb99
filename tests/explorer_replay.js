// Repeats in JavaScript what Python has computed, with the modules of the page: the networks, activations, costs of CASES.

const rows = (layers) => layers.map((each) => (each === null ? null : Array.from(each)));
const vector = (numbers) => Float64Array.from(numbers, Number);

function replayNetwork(item) {
  const forms = MODULES[item.forms];
  const [cost] = Object.values(forms.costs);
  const net = networkOf(item.network, vector(item.theta), forms.activations);
  const [x, y] = [vector(item.x), vector(item.y)];
  const pass = forward(net, x);
  const back = backward(net, cost, pass, y);
  const change = (id, by) => {
    const there = moved(net, cost, pass, y, id, by);
    return { C: there.C, z: rows(there.z), a: rows(there.a), value: valueOf(net, there, y, back, id) };
  };
  return {
    z: rows(pass.z), a: rows(pass.a), C: back.C, delta: rows(back.delta), raw: rows(back.raw),
    slopes: item.ids.map((id) => slopeOf(net, pass, back, id)),
    values: item.ids.map((id) => valueOf(net, pass, y, back, id)),
    moved: item.moves.map(([id, by]) => change(id, by)),
    sweeps: item.sweeps.map(([id, by]) => sweep(net, cost, pass, y, id, by)),
    checks: item.checks.map((id) => {
      const found = check(net, cost, x, y, id);
      const slope = slopeOf(net, pass, back, id);
      const wrong = slope + Math.max(1e-6 * Math.abs(slope), 4 * found.error);
      return { ...found, slope, right: holds(found, slope), wrong: holds({ ...found, kink: false }, wrong) };
    }),
    untouched: [rows(pass.z), rows(pass.a)],
  };
}

function replayActivation(item) {
  const sigma = Object.values(MODULES[item.forms].activations)[0];
  const [z, v] = [vector(item.z), vector(item.v)];
  const room = () => new Float64Array(z.length);
  const [form, rate] = [room(), room()];
  sigma.dual(z, v, form, rate);
  return {
    value: sigma.value(z, room()),
    slope: sigma.full ? null : sigma.slope(z, room()),
    through: sendThrough(sigma, v, z, room()),
    inPlace: sigma.value(Float64Array.from(z), z), form: sigma.form(vector(item.z), room()), dual: form, rate,
    full: sigma.full, kinks: sigma.kinks,
  };
}

function replayCost(item) {
  const [cost] = Object.values(MODULES[item.forms].costs);
  return item.rows.map((row) => {
    const [z, a, y] = [vector(row.z), vector(row.a), vector(row.y)];
    const [v, dv, dy] = [cost.of === 'z' ? z : a, vector(row.dv), vector(row.dy)];
    const room = () => new Float64Array(y.length);
    return {
      value: cost.value(v, y), slope: cost.slope(a, y, room()), delta: cost.delta && cost.delta(z, y, room()),
      form: cost.form(v, y), dual: cost.dual(v, dv, y, dy), target: cost.targetSlope(v, y, room()),
      ofActivation: cost.ofActivation && cost.ofActivation.form(a, y),
    };
  });
}

function replay() {
  const found = {
    networks: CASES.networks.map(replayNetwork), activations: CASES.activations.map(replayActivation),
    costs: CASES.costs.map(replayCost),
    erf: CASES.erf.map((x) => [erf(Number(x)), erfc(Number(x))]),
  };
  // typed arrays as lists, and what JSON has no number for as a text that Python's float() reads
  const plain = (_, each) => {
    if (ArrayBuffer.isView(each)) return Array.from(each);
    return typeof each === 'number' && !Number.isFinite(each) ? String(each) : each;
  };
  return JSON.stringify(found, plain);
}
