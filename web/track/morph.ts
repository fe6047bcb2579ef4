/**
 * Makes `old` say what `html` says while keeping what the person has done with it: the element she is in, what she has
 * typed, what she has opened.
 */
export function morph(old: Element, html: string): void {
  const wanted = document.createElement("template");
  wanted.innerHTML = html; // written by our own server, escaped there
  children(old, wanted.content);
}

function children(old: ParentNode & Node, wanted: ParentNode & Node): void {
  const fresh = [...wanted.childNodes];
  for (const [number, node] of fresh.entries()) {
    const now = old.childNodes[number];
    if (!now) old.appendChild(node);
    else if (now.nodeType !== node.nodeType || now.nodeName !== node.nodeName) old.replaceChild(node, now);
    else if (now instanceof Element && node instanceof Element) element(now, node);
    else if (now.nodeValue !== node.nodeValue) now.nodeValue = node.nodeValue;
  }
  while (old.childNodes.length > fresh.length) old.lastChild?.remove();
}

function element(now: Element, wanted: Element): void {
  for (const { name } of [...now.attributes]) {
    const kept = name === "open" && now instanceof HTMLDetailsElement;
    if (!wanted.hasAttribute(name) && !kept) now.removeAttribute(name);
  }
  for (const { name, value } of [...wanted.attributes]) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  if (now instanceof HTMLTextAreaElement && now.value !== now.defaultValue) return; // being written
  children(now, wanted);
}
