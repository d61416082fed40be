# Modules that have become optional.
moved {
  from = module.client
  to   = module.client[0]
}

moved {
  from = module.photos
  to   = module.photos[0]
}

moved {
  from = module.site
  to   = module.site[0]
}
