package consent

import "time"

// Date is a day in a site's own time zone, as the number of days since 1970. The
// zero Date is no day: a counter without one belongs to no daily sum.
type Date int32

const day = 24 * time.Hour

// DateOf is the date that an instant falls on in a zone.
func DateOf(t time.Time, zone *time.Location) Date {
	year, month, mday := t.In(zone).Date()
	return Date(time.Date(year, month, mday, 0, 0, 0, 0, time.UTC).Unix() / int64(day/time.Second))
}

// Time is the date's midnight in UTC, for arithmetic and for writing it.
func (d Date) Time() time.Time { return time.Unix(int64(d)*int64(day/time.Second), 0).UTC() }

// Begin is when the date begins in a zone. Where the clock skips midnight it is
// the first instant after.
func (d Date) Begin(zone *time.Location) time.Time {
	year, month, mday := d.Time().Date()
	at := time.Date(year, month, mday, 0, 0, 0, 0, zone)
	for DateOf(at, zone) < d {
		at = at.Add(time.Hour)
	}
	return at
}

// HourOf names the hourly counter that an instant belongs to: the UTC hour in
// which its local hour begins. Where local hours begin with UTC's, as they do
// nearly everywhere, that is the UTC hour itself; in India or Nepal it keeps hours,
// and so days, from straddling the local midnight.
func HourOf(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	into := time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	return t.Add(-into).UTC().Truncate(time.Hour)
}

// DateOfHour is the local date of an hourly counter.
func DateOfHour(hour time.Time, zone *time.Location) Date {
	return DateOf(hour.Add(time.Hour-time.Second), zone)
}
