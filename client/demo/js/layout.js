/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Where the tiles go: a grid that fits any count into any stage, and one
 * prominent tile with the others beside it.  Pure arithmetic.
 */

/**
 * @typedef {object} Rect
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */

const GAP = 8;
const VIDEO_ASPECT = 16 / 9;
const MIN_ASPECT = 0.8;
const MAX_ASPECT = 16 / 9;


/**
 * The columns and rows that show the most of all pictures.
 *
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {number} [gap]
 * @returns {{columns: number, rows: number, width: number, height: number}}
 *     with the size of one tile
 */
export function bestGrid(count, width, height, gap = GAP) {
    let best = { columns: 1, rows: Math.max(count, 1), width: 0, height: 0 };
    let bestScore = -1;

    for (let columns = 1; columns <= count; columns++) {
        const rows = Math.ceil(count / columns);

        if (columns > 1 && Math.ceil(count / (columns - 1)) === rows
            && (columns - 1) * rows >= count
            && Math.ceil(count / rows) < columns)
        {
            /* a column would be empty */
            continue;
        }

        let w = (width - gap * (columns - 1)) / columns;
        let h = (height - gap * (rows - 1)) / rows;

        if (w <= 0 || h <= 0) {
            continue;
        }

        w = Math.min(w, h * MAX_ASPECT);
        h = Math.min(h, w / MIN_ASPECT);

        /* what is cut off at the sides of a picture counts less */
        const aspect = w / h;
        const visible = Math.min(aspect / VIDEO_ASPECT,
                                 VIDEO_ASPECT / aspect);
        const score = w * h * Math.sqrt(visible);

        if (score > bestScore * 1.0001) {
            bestScore = score;
            best = { columns, rows, width: Math.floor(w),
                     height: Math.floor(h) };
        }
    }

    return best;
}


/**
 * @param {number} count
 * @param {Rect} area
 * @param {number} [gap]
 * @returns {Rect[]}
 */
export function gridRects(count, area, gap = GAP) {
    const grid = bestGrid(count, area.width, area.height, gap);
    const { columns, rows, width, height } = grid;

    /** @type {Rect[]} */
    const rects = [];

    const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2;

    for (let i = 0; i < count; i++) {
        const row = Math.floor(i / columns);
        const column = i % columns;
        const inRow = Math.min(columns, count - row * columns);
        const left = area.x + (area.width - inRow * width
                               - (inRow - 1) * gap) / 2;

        rects.push({
            x: Math.round(left + column * (width + gap)),
            y: Math.round(top + row * (height + gap)),
            width, height,
        });
    }

    return rects;
}


/**
 * The place of every tile.
 *
 * @param {number} count
 * @param {number} prominent  the index of the tile to be shown large; -1: none
 * @param {{width: number, height: number}} stage
 * @param {number} [gap]
 * @returns {Rect[]}
 */
export function layout(count, prominent, stage, gap = GAP) {
    const { width, height } = stage;
    const all = { x: 0, y: 0, width, height };

    if (prominent < 0 || prominent >= count) {
        return gridRects(count, all, gap);
    }

    if (count === 1) {
        return [all];
    }

    /** @type {Rect} */
    let large;

    /** @type {Rect} */
    let strip;

    if (width >= height) {
        const side = Math.round(Math.min(Math.max(width * 0.2, 150), 320));

        large = { x: 0, y: 0, width: width - side - gap, height };
        strip = { x: width - side, y: 0, width: side, height };

    } else {
        /* no higher than a picture of that width needs */
        const top = Math.round(Math.min(width * 0.75, height * 0.68));

        large = { x: 0, y: 0, width, height: top };
        strip = { x: 0, y: top + gap, width, height: height - top - gap };
    }

    const rects = gridRects(count - 1, strip, gap);

    rects.splice(prominent, 0, large);

    return rects;
}
