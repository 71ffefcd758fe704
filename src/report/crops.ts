/** Fig. 3: what the networks learn from. */
import type { Picture } from "../data/picture.ts";
import { markup } from "./markup.ts";
import { absent, figure, type Section } from "./page.ts";
import { image } from "./pictures.ts";

/** One crop of the pack and the name of its class. */
export interface Crop {
  picture: Picture;
  label: string;
}

/** Fig. 3 of the paper: exemplary crops with their classes. */
export function cropsSection(crops: readonly Crop[]): Section {
  const item = ({ picture, label }: Crop) =>
    markup`<li>${image(picture, `A crop of class ${label}`, 96)}<span class="label">${label}</span></li>\n`;
  const sizes = [...new Set(crops.map(({ picture }) => `${picture.width}\u00a0×\u00a0${picture.height}`))];
  const body = crops.length === 0 ? absent("The pack holds no crops.") : figure(
    "Fig. 3.",
    markup`Exemplary images of the data set: every annotated object was cut out by its box and scaled to ${
      sizes.join(", ")
    }
pixels. Shown enlarged, pixel by pixel.`,
    markup`<ul class="gallery">\n${crops.map(item)}</ul>`,
  );
  return { id: "data", title: "The data", body };
}
