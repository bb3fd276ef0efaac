"""slowmail.py COUNT SECONDS: so many mail servers on free ports, whose numbers it prints, and which think that long about each mail."""
import asyncio
import sys


async def serve(reader, writer):
    async def say(line):
        writer.write(line + b"\r\n")
        await writer.drain()

    await say(b"220 slow.example")
    while line := await reader.readline():
        verb = line[:4].upper().strip()
        if verb == b"DATA":
            await say(b"354 go on")
            while await reader.readline() not in (b".\r\n", b""):
                pass
            await asyncio.sleep(float(sys.argv[2]))
            await say(b"250 taken")
        elif verb == b"QUIT":
            await say(b"221 bye")
            break
        else:
            await say(b"250 slow.example" if verb == b"EHLO" else b"250 fine")
    writer.close()


async def main():
    servers = [await asyncio.start_server(serve, "127.0.0.1", 0) for _ in range(int(sys.argv[1]))]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
