/** VOC annotations: the XML that PASCAL VOC defined and ILSVRC DET took over. */
import { XMLParser, XMLValidator } from "fast-xml-parser";

/** One `<object>`; `corners` as they are written, undefined when one is missing or not a number. */
export interface AnnotatedObject {
  class: string | undefined;
  corners: { xmin: number; ymin: number; xmax: number; ymax: number } | undefined;
}

export interface Annotation {
  filename: string | undefined;
  /** The picture's size according to the annotation; undefined when it is missing or zero. */
  size: { width: number; height: number } | undefined;
  objects: AnnotatedObject[];
}

type Node = Record<string, unknown>;

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "object" });

/**
 * Reads an annotation. Only direct children count, so a `<name>` deeper down (a body part, an attribute) is never
 * taken for the object's class; the order of the fields, line ends and float coordinates do not matter.
 * @throws Error saying what is wrong when the text is not XML or not an annotation.
 */
export function parseAnnotation(xml: string): Annotation {
  const valid = XMLValidator.validate(xml);
  if (valid !== true) throw new Error(`line ${valid.err.line}: ${valid.err.msg}`);
  const document = parser.parse(xml) as Node;
  if (!("annotation" in document)) throw new Error("it has no <annotation>");
  const root = asNode(document.annotation);
  const { width, height } = asNode(root.size);
  const size = { width: asNumber(width) ?? 0, height: asNumber(height) ?? 0 };
  return {
    filename: asText(root.filename),
    size: size.width > 0 && size.height > 0 ? size : undefined,
    objects: (root.object as unknown[] ?? []).map(readObject),
  };
}

function readObject(value: unknown): AnnotatedObject {
  const { name, bndbox } = asNode(value);
  const box = asNode(bndbox);
  const [xmin, ymin, xmax, ymax] = [box.xmin, box.ymin, box.xmax, box.ymax].map(asNumber);
  const complete = xmin !== undefined && ymin !== undefined && xmax !== undefined && ymax !== undefined;
  return { class: asText(name), corners: complete ? { xmin, ymin, xmax, ymax } : undefined };
}

const asNode = (value: unknown): Node => typeof value === "object" && value !== null ? value as Node : {};

const asText = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;

function asNumber(value: unknown): number | undefined {
  const number = Number(asText(value) ?? NaN);
  return Number.isFinite(number) ? number : undefined;
}
