# bytes.py SEED JOBS FOLDER: submits jobs with random bytes as arguments, as values of variables and as the name of their directory,
# by name and as a command, and looks at what they got. Ends with how many came out unchanged.
import os, pickle, random, subprocess, sys

seed, jobs, folder = int(sys.argv[1]), int(sys.argv[2]), os.fsencode(sys.argv[3])
chance = random.Random(seed)
EACH = 25


def text(most, without=b""):
    """Not empty: random bytes, valid UTF-8, and UTF-8 that is cut or spoilt."""
    kind = chance.randrange(4)
    if kind == 0:
        found = bytes(chance.randrange(1, 256) for _ in range(chance.randrange(1, most)))
    else:
        found = "".join(chr(chance.choice((chance.randrange(1, 0x80), chance.randrange(0x80, 0x800), chance.randrange(0x800, 0xD800), chance.randrange(0xE000, 0x110000))))
                        for _ in range(chance.randrange(1, most // 4))).encode()
        if kind == 2:
            found = found[chance.randrange(2):len(found) - chance.randrange(2)]
        if kind == 3:
            at = chance.randrange(len(found) + 1)
            found = found[:at] + bytes([chance.randrange(0x80, 0x100)]) + found[at:]
    return bytes(one for one in found if one not in without) or b"\xe9"


dump = os.path.join(folder, b"dump.py")
with open(dump, "w", encoding="ascii") as file:
    file.write("#!/usr/bin/python3\nimport os, pickle, sys\n"
               "with open(os.environb[b'INTO'], 'wb') as file:\n"
               "    pickle.dump((os.getcwdb(), [os.fsencode(word) for word in sys.argv[1:]], dict(os.environb)), file)\n")

wanted = []
for number in range(jobs):
    directory = os.path.join(folder, b"%d" % number + text(200, b"/"))
    os.mkdir(directory)
    arguments = [text(300) for _ in range(EACH - 1)]
    variables = {b"RANDOM_%d" % i: text(300) for i in range(EACH)}
    into = os.path.join(folder, b"got%d" % number)
    words = [dump] if number % 2 else [b"/usr/bin/python3", dump]
    subprocess.run([b"gbatch", *words, *arguments], env=os.environb | variables | {b"INTO": into}, cwd=directory, stdout=subprocess.DEVNULL, check=True)
    wanted.append((into, directory, arguments, variables))


def call(*words):
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)


# Once more from what was stored: it writes what the last one wrote.
call("gjob", "wait", f"1-{jobs}")
os.unlink(wanted[-1][0])
call("gjob", "redo", str(jobs))
call("gjob", "wait", str(jobs + 1))

unchanged = 0
for into, directory, arguments, variables in wanted:
    with open(into, "rb") as file:
        got_directory, got_arguments, got_variables = pickle.load(file)
    got = [got_directory, *got_arguments, *(got_variables.get(name) for name in variables)]
    for was, came in zip([directory, *arguments, *variables.values()], got, strict=True):
        if was != came:
            sys.exit(f"{was} came out as {came} (seed {seed})")
        unchanged += 1
print(unchanged)
