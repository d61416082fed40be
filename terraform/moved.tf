# Up to release 0.1.0 everything was in this folder. The next plan moves it into the module, and changes
# nothing.

moved {
  from = module.backfill
  to   = module.gallery.module.backfill
}

moved {
  from = module.client
  to   = module.gallery.module.client
}

moved {
  from = module.derived
  to   = module.gallery.module.derived
}

moved {
  from = module.edit
  to   = module.gallery.module.edit
}

moved {
  from = module.extract
  to   = module.gallery.module.extract
}

moved {
  from = module.logs
  to   = module.gallery.module.logs
}

moved {
  from = module.observability
  to   = module.gallery.module.observability
}

moved {
  from = module.photos
  to   = module.gallery.module.photos
}

moved {
  from = module.registry
  to   = module.gallery.module.registry
}

moved {
  from = module.reprocess
  to   = module.gallery.module.reprocess
}

moved {
  from = module.shares
  to   = module.gallery.module.shares
}

moved {
  from = module.site
  to   = module.gallery.module.site
}

moved {
  from = module.table
  to   = module.gallery.module.table
}

moved {
  from = module.tag
  to   = module.gallery.module.tag
}

moved {
  from = module.thumbnail
  to   = module.gallery.module.thumbnail
}

moved {
  from = module.workflow
  to   = module.gallery.module.workflow
}

moved {
  from = terraform_data.first_events
  to   = module.gallery.terraform_data.first_events
}

moved {
  from = terraform_data.images
  to   = module.gallery.terraform_data.images
}

moved {
  from = terraform_data.keep_photos
  to   = module.gallery.terraform_data.keep_photos
}
