// browse.mjs DIRECTORY [PICTURES]: opens each page of a directory as a mail reader would, on a phone and on a desk, light and dark.
// Nothing may be loaded, run out of the window or be hard to read. With PICTURES it leaves there what it saw.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const [directory, pictures] = process.argv.slice(2);

// WCAG 2.2, success criterion 1.4.3, for text of any size.
const leastContrast = 4.5;

// A browser of root's has no sandbox to go to, and these pages are our own.
const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"], userDataDir: join(directory, "profile") });
try {
    const names = readdirSync(directory).filter(name => name.endsWith(".html")).map(name => name.slice(0, -".html".length));
    assert.notEqual(names.length, 0);
    const page = await browser.newPage();
    const troubles = [];
    page.on("request", request => troubles.push(`asks for ${request.url()}`));
    page.on("console", message => troubles.push(`says ${message.text()}`));
    page.on("pageerror", error => troubles.push(`fails with ${error}`));
    for (const name of names) {
        for (const width of [390, 800]) {
            for (const scheme of ["light", "dark"]) {
                const where = `${name}, ${width} pixels, ${scheme}`;
                await page.setViewport({ width, height: 200, deviceScaleFactor: 1, isMobile: width < 600 });
                await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
                await page.setContent(readFileSync(join(directory, `${name}.html`), "utf8"));
                assert.deepEqual(troubles, [], where);
                const found = await page.evaluate(look);
                assert.ok(found.wide <= width, `${where}: ${found.wide} pixels wide`);
                assert.equal(found.dark, scheme === "dark", where);
                assert.notEqual(found.texts.length, 0, where);
                for (const { text, contrast } of found.texts) {
                    assert.ok(contrast >= leastContrast, `${where}: "${text}" has a contrast of ${contrast}`);
                }

                if (pictures) {
                    await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.webp`), quality: 60, fullPage: true });
                }
            }
        }
    }
} finally {
    await browser.close();
}

// Runs within the page.
function look() {
    const channels = color => color.match(/[\d.]+/g).map(Number);
    const luminance = color => {
        const [r, g, b] = channels(color).slice(0, 3).map(c => c / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = element => {
        for (; element; element = element.parentElement) {
            const color = getComputedStyle(element).backgroundColor;
            if (channels(color)[3] !== 0) {
                return color;
            }
        }

        return "rgb(255, 255, 255)";
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        if (text) {
            const element = walker.currentNode.parentElement;
            const [low, high] = [luminance(getComputedStyle(element).color), luminance(background(element))].sort((a, b) => a - b);
            texts.push({ text, contrast: (high + 0.05) / (low + 0.05) });
        }
    }

    return { texts, wide: document.documentElement.scrollWidth, dark: luminance(background(document.body)) < 0.2 };
}
