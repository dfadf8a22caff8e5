/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Small helpers for the page: elements, icons, toasts, remembered values.
 */

/**
 * @template {HTMLElement} E
 * @param {string} id
 * @param {new () => E} type
 * @returns {E}
 */
export function byId(id, type) {
    const element = document.getElementById(id);

    if (!(element instanceof type)) {
        throw new Error(`no #${id}`);
    }

    return element;
}


/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className = "", text = "") {
    const element = document.createElement(tag);

    element.className = className;
    element.textContent = text;

    return element;
}


/** @param {string} name */
export function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const use = document.createElementNS(space, "use");

    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#i-${name}`);
    svg.append(use);

    return svg;
}


/**
 * Changes the icon and the words of a button.
 *
 * @param {HTMLElement} button
 * @param {string} name
 * @param {string} label  in full, for the tooltip and for screen readers
 * @param {string} [short]  what stands under the icon
 */
export function setButton(button, name, label, short) {
    const key = button.getAttribute("aria-keyshortcuts");

    button.querySelector("use")?.setAttribute("href", `#i-${name}`);
    button.setAttribute("aria-label", label);
    button.title = key ? `${label} (${key})` : label;

    const text = button.querySelector(".label");

    if (text && short) {
        text.textContent = short;
    }
}


/**
 * @param {string} text
 * @param {{bad?: boolean, action?: string, run?: () => void,
 *     stay?: boolean}} [options]
 */
export function toast(text, options = {}) {
    const box = byId("toasts", HTMLDivElement);
    const element = make("div", options.bad ? "toast bad" : "toast", text);

    if (options.action) {
        const button = make("button", "", options.action);

        button.type = "button";
        button.addEventListener("click", () => {
            element.remove();
            options.run?.();
        });
        element.append(button);
    }

    for (const old of [...box.children]) {
        if (old.textContent === element.textContent) {
            old.remove();
        }
    }

    while (box.children.length >= 3) {
        box.firstElementChild?.remove();
    }

    box.append(element);

    if (!options.stay) {
        setTimeout(() => element.remove(), options.bad ? 7000 : 3500);
    }

    return () => element.remove();
}


/** @param {string} key */
export function recall(key) {
    try {
        return localStorage.getItem(`rtc-demo-${key}`) ?? "";

    } catch {
        return "";
    }
}


/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
    try {
        localStorage.setItem(`rtc-demo-${key}`, value);

    } catch {
        /* private windows */
    }
}


/**
 * Shows a person without a picture.
 *
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} [seed]
 */
export function setAvatar(element, name, seed = name) {
    const words = name.trim().split(/\s+/).filter(Boolean);
    const initials = [...words.slice(0, 1), ...words.slice(1).slice(-1)]
                     .map((word) => [...word][0]).join("");
    let hash = 0;

    for (const c of seed) {
        hash = (hash * 31 + (c.codePointAt(0) ?? 0)) >>> 0;
    }

    element.className = `avatar c${hash % 8}`;
    element.textContent = initials.toUpperCase() || "?";
}


/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {string} current
 * @param {string} what
 */
export function fillDevices(select, devices, current, what) {
    const options = devices.map((device, i) => {
        const option = new Option(device.label || `${what} ${i + 1}`,
                                  device.deviceId);

        option.selected = device.deviceId === current;

        return option;
    });

    if (options.length === 0) {
        options.push(new Option(`No ${what.toLowerCase()} found`, ""));
    }

    select.replaceChildren(...options);
    select.disabled = devices.length === 0;
}
