// Brings views, [tag, attributes, ...children], to the page: nodes stay where they are, only what differs is written.

const SPACES = { svg: 'http://www.w3.org/2000/svg', math: 'http://www.w3.org/1998/Math/MathML' };
const shownAttributes = new WeakMap();

export function patch(parent, views) {
  const wanted = flattened(views);
  wanted.forEach((view, place) => {
    const node = parent.childNodes[place];
    const made = broughtTo(node, view, parent);
    if (node === undefined) parent.appendChild(made);
    else if (made !== node) parent.replaceChild(made, node);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild.remove();
}

function flattened(views) {
  const isView = (each) => Array.isArray(each) && typeof each[0] === 'string' && isAttributes(each[1]);
  return views.flatMap((each) => {
    if (each === null || each === undefined || each === false) return [null];
    return Array.isArray(each) && !isView(each) ? flattened(each) : [each];
  });
}

function isAttributes(given) {
  return given !== null && typeof given === 'object' && !Array.isArray(given);
}

function broughtTo(node, view, parent) {
  if (view === null) return placeholder(node);
  if (!Array.isArray(view)) return textTo(node, String(view));
  const [tag, attributes, ...children] = view;
  const fits = node !== undefined && node.nodeType === 1 && node.localName === tag;
  const element = fits ? node : created(tag, parent);
  setAttributes(element, attributes);
  patch(element, children);
  if ('value' in attributes && tag === 'select') element.value = attributes.value;
  return element;
}

// in the place of what is not there now, so that what comes behind keeps its place, and its focus
function placeholder(node) {
  return node !== undefined && node.nodeType === 8 ? node : document.createComment('');
}

function textTo(node, text) {
  if (node === undefined || node.nodeType !== 3) return document.createTextNode(text);
  if (node.data !== text) node.data = text;
  return node;
}

function created(tag, parent) {
  const space = SPACES[tag] ?? (parent.localName === 'foreignObject' ? undefined : parent.namespaceURI);
  return space === undefined || !Object.values(SPACES).includes(space)
    ? document.createElement(tag)
    : document.createElementNS(space, tag);
}

function setAttributes(element, attributes) {
  const before = shownAttributes.get(element) ?? {};
  for (const name of Object.keys(before)) if (!isSet(attributes[name])) element.removeAttribute(name);
  for (const [name, value] of Object.entries(attributes)) {
    if (!isSet(value) || before[name] === value) continue;
    element.setAttribute(name, value === true ? '' : value);
  }
  if ('value' in attributes && element.localName === 'input' && document.activeElement !== element) {
    element.value = attributes.value; // what a reader is typing stays
  }
  shownAttributes.set(element, attributes);
}

function isSet(value) {
  return value !== undefined && value !== null && value !== false;
}
