namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>The driver does not answer as it should.</summary>
/// <param name="reason">A short word for programs.</param>
/// <param name="message">For people: the call and what the driver says of it.</param>
internal sealed class NvmlException(string reason, string message) : Exception(message)
{
    public const string NoLibrary = "no_library";
    public const string Lost = "lost";

    public string Reason { get; } = reason;

    /// <summary>The word for a number of nvmlReturn_t.</summary>
    public static string Word(int code) => code switch
    {
        1 => "uninitialized",
        4 => "no_permission",
        9 => "driver_not_loaded",
        10 => "timeout",
        14 => "corrupted_inforom",
        15 => Lost,
        16 => "reset_required",
        18 => "driver_mismatch",
        20 => "out_of_memory",
        999 => "unknown",
        _ => $"error_{code}",
    };
}
