# Photos that users share with people without an account: docs/decisions/0021-shares-by-copies-that-expire.md.
locals {
  shares          = var.site && coalesce(var.shares, !var.self_sign_up)
  shares_settings = jsondecode(file("${local.workflow_path}/shares.json"))
  share_days      = { for days in local.shares_settings.days : "shares/${days}/" => days }
}

module "shares" {
  source = "../shares"
  count  = local.shares ? 1 : 0

  deployment       = local.deployment
  name             = var.name
  bucket_name      = local.bucket_names.shares
  certificate_arn  = var.shares_domain_name == null ? null : var.certificate_arn
  cors             = local.cors.shares
  cors_origins     = local.origins
  domain_name      = var.shares_domain_name
  expiration_days  = local.share_days
  file_headers     = local.shares_settings.headers
  log_bucket       = module.logs.name
  page_headers     = jsondecode(templatefile("${local.workflow_path}/site_headers.json.tftpl", { apis = "", images = "" }))
  price_class      = var.price_class
  site_bucket_name = local.bucket_names.site
}
