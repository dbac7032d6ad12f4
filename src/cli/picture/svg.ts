/** A layout as SVG (SVG 1.1), in one file that needs no other. Pure. */

import type { Layout } from './layout.ts'
import { type Box, CHARACTER, LINE, type Line } from './shapes.ts'

export const svg = ({ width, height, boxes, lines }: Layout, title: string): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${px(height)}" viewBox="0 0 ${width} ${px(height)}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="100%" height="100%"/>`,
    // Frames below, cables over them, boxes on top.
    ...boxes.filter(isFrame).map(rectangle),
    ...lines.map(cable),
    ...boxes.filter(box => !isFrame(box)).map(rectangle),
    '</svg>',
    '',
  ].join('\n')

const isFrame = ({ kind }: Box) => kind === 'host' || kind === 'network'

const rectangle = ({ kind, x, y, width, height, lines, state }: Box) => {
  const text = lines.map(
    (line, n) =>
      `<text x="${px(x + 8)}" y="${px(y + LINE * (n + 1) - 1)}"${n ? '' : ' class="title"'} textLength="${px(line.length * CHARACTER)}">${escaped(line)}</text>`,
  )
  return `<g class="${kind} ${state}"><rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="4"/>${text.join('')}</g>`
}

const cable = ({ points, state }: Line) =>
  `<polyline class="${state}" points="${points.map(([x, y]) => `${px(x)},${px(y)}`).join(' ')}"/>`

const px = (value: number) => String(Math.round(value * 10) / 10)

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string) => text.replace(/[&<>"]/g, char => entities[char]!)

const STYLE = [
  'text{font:12px ui-monospace,"DejaVu Sans Mono",monospace;fill:#1d2733;white-space:pre}',
  '.title{font-weight:bold}',
  '.paper{fill:#fff}',
  'rect{fill:#fff;stroke:#5b6b7c}',
  '.host>rect,.network>rect{fill:#f4f6f8;stroke:#c3ccd5}',
  '.uplink>rect{fill:#fdf3dc}',
  '.bridge>rect{fill:#dcebfa}',
  '.way>rect{fill:#e9e1f6}',
  '.container>rect{fill:#e5f5e5}',
  '.stranger>rect{fill:#eee;stroke-dasharray:4 3}',
  '.down>rect{stroke:#c0392b;stroke-width:2}',
  'polyline{fill:none;stroke:#3c8d40;stroke-width:1.5}',
  'polyline.down{stroke:#c0392b;stroke-dasharray:5 4}',
  'polyline.unknown{stroke:#5b6b7c}',
].join('')
