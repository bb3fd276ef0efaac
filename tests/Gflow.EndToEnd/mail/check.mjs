// check.mjs DIRECTORY: reads the mails of a directory with mailparser and compares them with what manifest.json says of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { domainToASCII } from "node:url";
import { simpleParser } from "mailparser";

const directory = process.argv[2];
const roots = new Map();
for (const expected of JSON.parse(readFileSync(join(directory, "manifest.json"), "utf8"))) {
    const mail = await simpleParser(readFileSync(join(directory, expected.file)));
    const where = expected.file;
    assert.equal(mail.subject, expected.subject, where);
    assert.equal(mail.text, expected.text, where);
    assert.deepEqual(mail.to.value.map(to => to.address.replace(/[^@]*$/, domainToASCII)), [expected.recipient], where);
    assert.deepEqual(mail.from.value.map(from => from.name), [expected.sender], where);
    assert.equal(mail.date.getTime(), Date.parse(expected.date), where);
    assert.equal(mail.bcc ?? mail.cc ?? mail.replyTo, undefined, where);
    assert.equal(mail.attachments.length, 0, where);
    assert.ok(mail.html.includes('<html lang="en">'), where);
    if (expected.job === null) {
        assert.equal(mail.inReplyTo ?? mail.references, undefined, where);
    } else {
        assert.equal(mail.references, mail.inReplyTo, where);
        assert.equal(mail.references, roots.get(expected.job) ?? mail.references, where);
        roots.set(expected.job, mail.references);
    }
}
assert.equal(new Set(roots.values()).size, roots.size);
