using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Gflow.Client.Platform;

/// <summary>Asks the kernel about one TCP socket, at the same price however many there are (sock_diag(7)).</summary>
internal static partial class SocketDiagnosis
{
    private const int NetlinkFamily = 16, RawSocket = 3, CloseOnExec = 0x80000, Diagnosis = 4, DoNotWait = 0x40;
    private const short ByFamily = 20, Request = 1;
    private const byte V4 = 2, V6 = 10, Tcp = 6, Established = 1;
    private const uint AnyCookie = uint.MaxValue, AllStates = uint.MaxValue;

    // struct nlmsghdr, then struct inet_diag_req_v2 or struct inet_diag_msg; both have a struct inet_diag_sockid.
    private const int Header = 16, AskedLength = Header + 56, IdInRequest = Header + 8, Cookie = IdInRequest + 40;
    private const int State = Header + 1, Uid = Header + 64, Inode = Header + 68, AnsweredLength = Header + 72;

    /// <param name="own">Its own address.</param>
    /// <param name="other">That of its other end.</param>
    /// <returns>Its uid while it is established and held by a process; null otherwise, and where the kernel gives no such answers.</returns>
    public static uint? OwnerOf(IPEndPoint own, IPEndPoint other)
    {
        Span<byte> asked = stackalloc byte[AskedLength];
        asked.Clear();
        MemoryMarshal.Write(asked, AskedLength);
        MemoryMarshal.Write(asked[4..], ByFamily);
        MemoryMarshal.Write(asked[6..], Request);
        var (ownAddress, otherAddress) = (Plain(own.Address), Plain(other.Address));
        asked[Header] = ownAddress.AddressFamily == AddressFamily.InterNetwork ? V4 : V6;
        asked[Header + 1] = Tcp;
        MemoryMarshal.Write(asked[(Header + 4)..], AllStates);
        BinaryPrimitives.WriteUInt16BigEndian(asked[IdInRequest..], (ushort)own.Port);
        BinaryPrimitives.WriteUInt16BigEndian(asked[(IdInRequest + 2)..], (ushort)other.Port);
        ownAddress.TryWriteBytes(asked[(IdInRequest + 4)..], out _);
        otherAddress.TryWriteBytes(asked[(IdInRequest + 20)..], out _);
        MemoryMarshal.Write(asked[Cookie..], AnyCookie);
        MemoryMarshal.Write(asked[(Cookie + 4)..], AnyCookie);

        Span<byte> answer = stackalloc byte[512];
        return Ask(asked, answer) is { IsEmpty: false } said && said[State] == Established && MemoryMarshal.Read<uint>(said[Inode..]) != 0
            ? MemoryMarshal.Read<uint>(said[Uid..])
            : null;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <returns>Empty when there is no such socket.</returns>
    private static ReadOnlySpan<byte> Ask(ReadOnlySpan<byte> asked, Span<byte> answer)
    {
        var netlink = Open(NetlinkFamily, RawSocket | CloseOnExec, Diagnosis);
        if (netlink < 0)
        {
            return [];
        }

        try
        {
            // The answer is there before the request returns.
            return Send(netlink, asked, asked.Length, 0) == asked.Length
                && Receive(netlink, answer, answer.Length, DoNotWait) is >= AnsweredLength and var length
                && MemoryMarshal.Read<short>(answer[4..]) == ByFamily
                ? answer[..(int)length]
                : [];
        }
        finally
        {
            _ = Close(netlink);
        }
    }

    [LibraryImport("libc", EntryPoint = "socket")]
    private static partial int Open(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send")]
    private static partial nint Send(int socket, ReadOnlySpan<byte> bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint Receive(int socket, Span<byte> bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int socket);
}
