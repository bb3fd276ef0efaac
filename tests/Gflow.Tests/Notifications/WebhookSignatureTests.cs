using System.Text;
using Gflow.Core.Notifications;

namespace Gflow.Tests.Notifications;

public sealed class WebhookSignatureTests
{
    /// <summary>24 bytes; the example of the Standard Webhooks specification's libraries.</summary>
    private const string Key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const long Timestamp = 1614265330;

    // printf 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0 -binary | base64
    private const string Expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    /// <summary>The bytes 0 to 31, and what openssl makes of them in the same way.</summary>
    private const string OtherKey = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private const string OtherExpected = "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=";

    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(Timestamp);

    [Fact]
    public void The_known_example_has_the_known_signature() => Assert.Equal(Expected, Of(Secret(Key)));

    [Fact]
    public void During_a_rotation_both_sign_the_newest_first() =>
        Assert.Equal($"{OtherExpected} {Expected}", Of(Secret(OtherKey), Secret(Key, Now.AddTicks(1))));

    [Fact]
    public void A_key_signs_until_its_end_and_not_at_it() =>
        Assert.Equal(OtherExpected, Of(Secret(OtherKey), Secret(Key, Now)));

    [Fact]
    public void Without_a_key_that_is_good_still_there_is_no_signature()
    {
        Assert.Null(Of());
        Assert.Null(Of(Secret(Key, Now)));
    }

    [Fact]
    public void A_byte_more_or_less_is_another_signature()
    {
        Assert.NotEqual(Expected, WebhookSignature.Of(Id, Timestamp, [.. Body, (byte)'\n'], [Secret(Key)], Now));
        Assert.NotEqual(Expected, WebhookSignature.Of(Id, Timestamp + 1, Body, [Secret(Key)], Now));
        Assert.NotEqual(Expected, WebhookSignature.Of(Id + "x", Timestamp, Body, [Secret(Key)], Now));
    }

    [Theory]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(23, false)]
    [InlineData(65, false)]
    [InlineData(0, false)]
    public void A_key_has_24_to_64_bytes(int length, bool right) =>
        Assert.Equal(right, SigningSecret.Parse("whsec_" + Convert.ToBase64String(new byte[length])).Ok);

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjU PD8ILPZIo2LaLaSw")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_")]
    [InlineData("")]
    public void What_is_no_key_is_refused_without_being_quoted(string text)
    {
        var problem = Assert.Single(SigningSecret.Parse(text).Problems);
        Assert.DoesNotContain("MfKQ9r8", problem.Message);
    }

    private static SigningSecret Secret(string text, DateTimeOffset? until = null) => SigningSecret.Parse(text, until).Value;

    private static string? Of(params SigningSecret[] secrets) => WebhookSignature.Of(Id, Timestamp, Body, secrets, Now);
}
