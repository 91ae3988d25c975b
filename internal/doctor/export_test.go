package doctor

// Public is public, for its table.
var Public = public
