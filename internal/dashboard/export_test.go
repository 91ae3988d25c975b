package dashboard

// HoldHashes lets no password be compared until release is called.
func (d *Dashboard) HoldHashes() (release func()) { return hold(d.hashing) }

// HoldRoom lets nobody read counters until release is called.
func (d *Dashboard) HoldRoom() (release func()) { return hold(d.room) }

func hold(places chan struct{}) (release func()) {
	for range cap(places) {
		places <- struct{}{}
	}
	return func() {
		for range cap(places) {
			<-places
		}
	}
}
