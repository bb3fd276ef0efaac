using System.Globalization;

namespace Gflow.Core.Reservations;

/// <summary>A reservation's number: 1, 2, 3… in the order of their making, never used twice in one database.</summary>
public readonly record struct ReservationId(uint Value)
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
