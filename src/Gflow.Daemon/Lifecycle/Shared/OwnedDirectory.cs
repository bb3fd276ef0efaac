using System.Runtime.InteropServices;
using Gflow.Client.Platform;
using Gflow.Daemon.Platform;
using Microsoft.Win32.SafeHandles;

namespace Gflow.Daemon.Lifecycle.Shared;

/// <summary>A directory held open by root, so that nobody can put another in its place while it is looked at and changed.</summary>
internal sealed partial class OwnedDirectory : IDisposable
{
    private const int ReadDirectory = 0x80000;
    private const int AppendCreate = 0x441 | 0x800 | 0x80000;
    private const int Exists = 17;
    private const uint NewMode = 0x1C0;
    private const uint ParentMode = 0x1ED;
    private const uint GroupMayWrite = 0x10;
    private const uint OthersMayWrite = 0x2;
    private const uint Sticky = 0x200;
    private const uint TypeMask = 0xF000;
    private const uint Regular = 0x8000;

    private static readonly bool IsX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int NoFollow = IsX64 ? 0x20000 : 0x8000;
    private static readonly int MustBeDirectory = IsX64 ? 0x10000 : 0x4000;

    private readonly SafeFileHandle _handle;
    private readonly string _path;
    private readonly Account _user;

    private OwnedDirectory(SafeFileHandle handle, string path, Account user)
    {
        _handle = handle;
        _path = path;
        _user = user;
    }

    /// <summary>Walks down a path and makes what is missing.</summary>
    /// <param name="path">Absolute; no part of it may be a link.</param>
    /// <param name="user">Whom, beside root, its last directory may belong to.</param>
    /// <exception cref="StartRefusedException">A directory on the way is not root's alone.</exception>
    public static OwnedDirectory Reach(string path, Account user)
    {
        var current = new OwnedDirectory(Open(-100, "/", 0), "/", user);
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < names.Length; i++)
        {
            using var parent = current;
            var isLast = i == names.Length - 1;
            current = parent.Enter(names[i], isLast ? NewMode : ParentMode);
            var status = current.Look();
            if (!isLast && (status.Owner != DaemonHome.Root || ((status.Mode & (GroupMayWrite | OthersMayWrite)) != 0 && (status.Mode & Sticky) == 0)))
            {
                throw current.Refused("on the way to a place of the daemon is not root's alone: somebody could put another directory in its place");
            }
        }

        current.MustBelongTo(user.Uid);
        return current;
    }

    /// <summary>A directory in this one, made where there is none.</summary>
    /// <param name="alsoOf">Whom, beside root, it may belong to.</param>
    /// <exception cref="StartRefusedException">It belongs to somebody else, or others may write there.</exception>
    public OwnedDirectory Open(string name, uint alsoOf)
    {
        var directory = Enter(name, NewMode);
        directory.MustBelongTo(alsoOf);
        return directory;
    }

    /// <summary>Refuses a directory of root's that holds things and was never given to the user: it serves something else.</summary>
    /// <param name="key">Which key of the configuration names it.</param>
    /// <exception cref="StartRefusedException">It is one.</exception>
    public void MustNotBeForeign(string key)
    {
        var status = Look();
        if (status.Owner == DaemonHome.Root && status.Group != _user.Gid && Directory.EnumerateFileSystemEntries($"/proc/self/fd/{_handle.DangerousGetHandle()}").Any())
        {
            throw Refused($"is root's and holds other things, so that it cannot be given to {_user.Name}; name a directory of its own in {key}");
        }
    }

    /// <exception cref="StartRefusedException">It cannot be changed.</exception>
    public void Give(uint owner, uint group, uint mode)
    {
        if (ChangeOwner(_handle, owner, group) != 0 || ChangeMode(_handle, mode) != 0)
        {
            throw Refused($"cannot be given to {_user.Name}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>Opens a file in it to append to, made where there is none; it is the user's then.</summary>
    /// <exception cref="StartRefusedException">Something else is in its place.</exception>
    public SafeFileHandle OpenFile(string name, Account user, uint mode)
    {
        var file = OpenAt((int)_handle.DangerousGetHandle(), name, AppendCreate | NoFollow, mode);
        if (!file.IsInvalid && Look(file) is { Links: 1 } status && (status.Mode & TypeMask) == Regular
            && (status.Owner == DaemonHome.Root || status.Owner == user.Uid) && ChangeOwner(file, user.Uid, user.Gid) == 0)
        {
            return file;
        }

        file.Dispose();
        throw new StartRefusedException($"{_path}/{name} is in the way: it is a link, or belongs to somebody else; remove it");
    }

    public void Dispose() => _handle.Dispose();

    private OwnedDirectory Enter(string name, uint mode)
    {
        var parent = (int)_handle.DangerousGetHandle();
        var path = Path.Combine(_path, name);
        if (MakeAt(parent, name, mode) != 0 && Marshal.GetLastPInvokeError() != Exists)
        {
            throw new StartRefusedException($"The directory {path} cannot be made: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var handle = Open(parent, name, NoFollow);
        return handle.IsInvalid
            ? throw new StartRefusedException($"The directory {path} cannot be opened ({Marshal.GetLastPInvokeErrorMessage()}); write a path without links, and of directories")
            : new(handle, path, _user);
    }

    private void MustBelongTo(uint user)
    {
        var status = Look();
        if (status.Owner != DaemonHome.Root && status.Owner != user)
        {
            throw Refused($"belongs to {Account.Of(status.Owner).Name}, not to root{(user == DaemonHome.Root ? "" : $" or {_user.Name}")}; remove it or name another place");
        }

        if ((status.Mode & OthersMayWrite) != 0 || ((status.Mode & GroupMayWrite) != 0 && (user == DaemonHome.Root || status.Group != _user.Gid)))
        {
            throw Refused($"is writable by others; run chmod go-w {_path}");
        }
    }

    private StartRefusedException Refused(string what) => new($"The directory {_path} {what}.");

    private FileStatus Look() => Look(_handle);

    private static FileStatus Look(SafeFileHandle handle) =>
        FileStatus.Of(handle) ?? throw new StartRefusedException($"A directory could not be looked at: {Marshal.GetLastPInvokeErrorMessage()}");

    private static SafeFileHandle Open(int parent, string name, int flags) => OpenAt(parent, name, ReadDirectory | MustBeDirectory | flags, 0);

    [LibraryImport("libc", EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial SafeFileHandle OpenAt(int directory, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MakeAt(int directory, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwner(SafeHandle file, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    private static partial int ChangeMode(SafeHandle file, uint mode);
}
