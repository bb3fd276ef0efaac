using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gflow.Tests.Sweep;

/// <summary>A place in a body that takes a value.</summary>
/// <param name="Path">Such as <c>notifications.emails[0]</c>.</param>
/// <param name="Field">The field of the body that it is in.</param>
/// <param name="With">That field's JSON, with a value in the place.</param>
internal sealed record BodyField(string Path, string Field, Func<string, string> With)
{
    /// <summary>Whether it is the name of something and not its value.</summary>
    public bool IsName { get; init; }

    /// <summary>Whether the type does not know it by name.</summary>
    public bool IsOther { get; init; }
}

/// <summary>Every place in a body that its type has, at every depth.</summary>
internal static class BodyFields
{
    /// <param name="more">Fields that the type does not know by name.</param>
    public static IReadOnlyList<BodyField> Of(JsonTypeInfo type, IEnumerable<string> more)
    {
        var own = type.Properties.Where(property => !property.IsExtensionData).ToList();
        var others = type.Properties.Any(property => property.IsExtensionData) ? more.Except(own.Select(property => property.Name)) : [];
        return [.. own.SelectMany(property => In(type.Options.GetTypeInfo(property.PropertyType), new(property.Name, property.Name, value => value))), .. others.Select(name => new BodyField(name, name, value => value) { IsOther = true })];
    }

    private static IEnumerable<BodyField> In(JsonTypeInfo type, BodyField place)
    {
        yield return place;
        foreach (var inner in type.Kind switch
        {
            JsonTypeInfoKind.Object => type.Properties.SelectMany(property => In(type.Options.GetTypeInfo(property.PropertyType), Member(place, property.Name))),
            JsonTypeInfoKind.Enumerable => In(type.Options.GetTypeInfo(type.ElementType!), place with { Path = place.Path + "[0]", With = value => place.With($"[{value}]") }),
            JsonTypeInfoKind.Dictionary => [Member(place, "HOME"), place with { Path = place.Path + ".NAME", With = name => place.With($"{{{name}:{OfElement(type)}}}"), IsName = true }],
            _ => Written(type).Select(name => Member(place, name)),
        })
        {
            yield return inner;
        }
    }

    private static BodyField Member(BodyField place, string name) => place with { Path = $"{place.Path}.{name}", With = value => place.With($"{{\"{name}\":{value}}}") };

    private static string OfElement(JsonTypeInfo type) => type.ElementType == typeof(string) || type.ElementType == typeof(byte[]) ? "\"\"" : "1";

    /// <summary>The names of an object that a converter writes, and of which the serializer knows nothing.</summary>
    private static IEnumerable<string> Written(JsonTypeInfo type)
    {
        var value = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (!value.IsValueType)
        {
            return [];
        }

        var json = JsonSerializer.SerializeToElement(Activator.CreateInstance(value), type.Options.GetTypeInfo(value));
        return json.ValueKind == JsonValueKind.Object ? json.EnumerateObject().Select(member => member.Name) : [];
    }
}
