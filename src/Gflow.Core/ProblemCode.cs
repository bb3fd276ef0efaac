namespace Gflow.Core;

/// <summary>What kind of refusal a problem is, for programs: a closed set, the same for the API and for the errors of commands.</summary>
public sealed record ProblemCode
{
    private static readonly Dictionary<string, ProblemCode> All = [];

    // Said by commands alone.
    public static readonly ProblemCode Usage = Known("usage");
    public static readonly ProblemCode Refused = Known("refused");
    public static readonly ProblemCode Unreachable = Known("unreachable");
    public static readonly ProblemCode ForeignListener = Known("foreign_listener");
    public static readonly ProblemCode Timeout = Known("timeout");
    public static readonly ProblemCode NoDirectory = Known("no_directory");
    public static readonly ProblemCode Exists = Known("exists");
    public static readonly ProblemCode Unwritable = Known("unwritable");
    public static readonly ProblemCode NotAScript = Known("not_a_script");
    public static readonly ProblemCode NoSuchScript = Known("no_such_script");
    public static readonly ProblemCode EmptyScript = Known("empty_script");
    public static readonly ProblemCode UnreadableScript = Known("unreadable_script");
    public static readonly ProblemCode ScriptTooLarge = Known("script_too_large");
    public static readonly ProblemCode NoLog = Known("no_log");

    // Said of texts: options, directives, configuration.
    public static readonly ProblemCode UnknownOption = Known("unknown_option");
    public static readonly ProblemCode UnexpectedWord = Known("unexpected_word");
    public static readonly ProblemCode UnexpectedValue = Known("unexpected_value");
    public static readonly ProblemCode MissingValue = Known("missing_value");
    public static readonly ProblemCode RepeatedOption = Known("repeated_option");
    public static readonly ProblemCode ConflictingOptions = Known("conflicting_options");
    public static readonly ProblemCode UnclosedQuote = Known("unclosed_quote");
    public static readonly ProblemCode NotUtf8 = Known("not_utf8");
    public static readonly ProblemCode UnknownZone = Known("unknown_zone");
    public static readonly ProblemCode InvalidDuration = Known("invalid_duration");
    public static readonly ProblemCode InvalidTime = Known("invalid_time");
    public static readonly ProblemCode InvalidInstant = Known("invalid_instant");
    public static readonly ProblemCode InvalidIndexList = Known("invalid_index_list");
    public static readonly ProblemCode InvalidMemory = Known("invalid_memory");
    public static readonly ProblemCode InvalidJob = Known("invalid_job");
    public static readonly ProblemCode InvalidEmail = Known("invalid_email");
    public static readonly ProblemCode InvalidGpus = Known("invalid_gpus");
    public static readonly ProblemCode InvalidSignal = Known("invalid_signal");
    public static readonly ProblemCode InvalidPriority = Known("invalid_priority");
    public static readonly ProblemCode InvalidStatus = Known("invalid_status");
    public static readonly ProblemCode InvalidSecret = Known("invalid_secret");
    public static readonly ProblemCode InvalidSmtpUrl = Known("invalid_smtp_url");
    public static readonly ProblemCode InvalidArray = Known("invalid_array");
    public static readonly ProblemCode InvalidParameter = Known("invalid_parameter");
    public static readonly ProblemCode InvalidParameterFile = Known("invalid_parameter_file");
    public static readonly ProblemCode UnsafeParameter = Known("unsafe_parameter");

    // Said by the daemon.
    public static readonly ProblemCode Invalid = Known("invalid");
    public static readonly ProblemCode WrongFormat = Known("wrong_format");
    public static readonly ProblemCode Infeasible = Known("infeasible");
    public static readonly ProblemCode NotAvailable = Known("not_available");
    public static readonly ProblemCode QuotaExceeded = Known("quota_exceeded");
    public static readonly ProblemCode UnknownDependency = Known("unknown_dependency");
    public static readonly ProblemCode Circular = Known("circular");
    public static readonly ProblemCode Undeliverable = Known("undeliverable");
    public static readonly ProblemCode UnknownAddress = Known("unknown_address");
    public static readonly ProblemCode RecipientNotAllowed = Known("recipient_not_allowed");
    public static readonly ProblemCode TooManyRecipients = Known("too_many_recipients");
    public static readonly ProblemCode UnknownEvent = Known("unknown_event");
    public static readonly ProblemCode MissingField = Known("missing_field");
    public static readonly ProblemCode MissingBody = Known("missing_body");
    public static readonly ProblemCode EmptyBatch = Known("empty_batch");
    public static readonly ProblemCode WrongType = Known("wrong_type");
    public static readonly ProblemCode MalformedJson = Known("malformed_json");
    public static readonly ProblemCode RepeatedName = Known("repeated_name");
    public static readonly ProblemCode BadRequest = Known("bad_request");
    public static readonly ProblemCode BadQuery = Known("bad_query");
    public static readonly ProblemCode BadId = Known("bad_id");
    public static readonly ProblemCode BadInstant = Known("bad_instant");
    public static readonly ProblemCode BadEventId = Known("bad_event_id");
    public static readonly ProblemCode BadRecipient = Known("bad_recipient");
    public static readonly ProblemCode BadIdempotencyKey = Known("bad_idempotency_key");
    public static readonly ProblemCode NotEmail = Known("not_email");
    public static readonly ProblemCode NoRecipient = Known("no_recipient");
    public static readonly ProblemCode Unresolved = Known("unresolved");
    public static readonly ProblemCode Unsupported = Known("unsupported");
    public static readonly ProblemCode Forbidden = Known("forbidden", 403);
    public static readonly ProblemCode UnknownCaller = Known("unknown_caller", 403);
    public static readonly ProblemCode NotOwner = Known("not_owner", 403);
    public static readonly ProblemCode NotAdministrator = Known("not_administrator", 403);
    public static readonly ProblemCode WrongHost = Known("wrong_host", 403);
    public static readonly ProblemCode WrongOrigin = Known("wrong_origin", 403);
    public static readonly ProblemCode NotFound = Known("not_found", 404);
    public static readonly ProblemCode NoRoute = Known("no_route", 404);
    public static readonly ProblemCode WrongMethod = Known("wrong_method", 405);
    public static readonly ProblemCode WrongState = Known("wrong_state", 409);
    public static readonly ProblemCode Conflict = Known("conflict", 409);
    public static readonly ProblemCode Gone = Known("gone", 410);
    public static readonly ProblemCode TooMany = Known("too_many", 413);
    public static readonly ProblemCode BodyTooLarge = Known("body_too_large", 413);
    public static readonly ProblemCode NotJson = Known("not_json", 415);
    public static readonly ProblemCode IdempotencyKeyReused = Known("idempotency_key_reused", 422);
    public static readonly ProblemCode Internal = Known("internal", 500);
    public static readonly ProblemCode NoNameYet = Known("no_name_yet", 503);
    public static readonly ProblemCode Stopping = Known("stopping", 503);
    public static readonly ProblemCode StoreUnavailable = Known("store_unavailable", 503);
    public static readonly ProblemCode StoreFailed = Known("store_failed", 503);
    public static readonly ProblemCode Superseded = Known("superseded", 503);
    public static readonly ProblemCode DiskLow = Known("disk_low", 503);
    public static readonly ProblemCode OutboxFull = Known("outbox_full", 503);

    private ProblemCode(string name, int status)
    {
        Name = name;
        Status = status;
    }

    /// <summary>Stable, snake_case.</summary>
    public string Name { get; }

    /// <summary>The HTTP status of an answer whose first problem it is (RFC 9110, section 15).</summary>
    public int Status { get; }

    /// <summary>The one of that name; one of its own for what a daemon of another version says.</summary>
    public static ProblemCode Named(string name) => All.GetValueOrDefault(name) ?? new(name, 400);

    private static ProblemCode Known(string name, int status = 400)
    {
        var code = new ProblemCode(name, status);
        All.Add(name, code);
        return code;
    }
}
